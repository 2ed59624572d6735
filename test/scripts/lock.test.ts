import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { withLock } from '../../scripts/lock.mjs';

let folder = '';
beforeEach(() => { folder = mkdtempSync(join(tmpdir(), 'sluice-lock-')); });
afterEach(() => rmSync(folder, { recursive: true }));

/** Takes the lock `turns` times, and dies in its last turn as its holder. */
const PROGRAM = `import { withLock } from ${JSON.stringify(join(import.meta.dirname, '../../scripts/lock.mjs'))};
  import { appendFileSync } from 'node:fs';
  const [lock, log, turns] = process.argv.slice(1);
  for (let turn = 1; turn <= Number(turns); turn++) {
    await withLock(lock, async () => {
      appendFileSync(log, 'in ');
      await new Promise((resolve) => setTimeout(resolve, 5));
      appendFileSync(log, 'out ');
      if (turn === Number(turns)) process.exit();
    });
  }`;

test('processes go one after the other, also past the locks of dead ones', async () => {
  const [lock, log] = [join(folder, 'lock'), join(folder, 'log')];
  const dead = spawn(process.execPath, ['-e', '']);
  await once(dead, 'exit');
  writeFileSync(lock, String(dead.pid));
  const turns = [1, 2, 3, 4, 1, 2, 3, 4];
  const codes = await Promise.all(turns.map(async (count) => (await once(spawn(process.execPath, ['--input-type=module', '-e', PROGRAM, lock, log, String(count)], { stdio: 'inherit' }), 'exit'))[0] as number));
  expect(codes).toEqual(turns.map(() => 0));
  expect(readFileSync(log, 'utf8')).toBe('in out '.repeat(turns.reduce((sum, count) => sum + count, 0)));
  await withLock(lock, () => Promise.resolve());
  expect(readdirSync(folder)).toEqual(['log']);
});

test('the lock is free again after a failure, which is passed on', async () => {
  const lock = join(folder, 'lock');
  await expect(withLock(lock, () => Promise.reject(new Error('no luck')))).rejects.toThrow('no luck');
  expect(await withLock(lock, () => Promise.resolve('mine'))).toBe('mine');
});

test('waiting can be given up', async () => {
  const lock = join(folder, 'lock');
  await withLock(lock, async () => {
    await expect(withLock(lock, () => Promise.resolve(), { signal: AbortSignal.timeout(50) })).rejects.toThrow(/timeout|aborted/);
  });
});
