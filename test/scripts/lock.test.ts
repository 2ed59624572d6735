import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { withLock } from '../../scripts/lock.mjs';

let folder = '';
beforeEach(() => { folder = mkdtempSync(join(tmpdir(), 'sluice-lock-')); });
afterEach(() => rmSync(folder, { recursive: true }));

const PROGRAM = `import { withLock } from ${JSON.stringify(join(import.meta.dirname, '../../scripts/lock.mjs'))};
  import { appendFileSync } from 'node:fs';
  const [lock, log] = process.argv.slice(1);
  await withLock(lock, async () => {
    appendFileSync(log, 'in ');
    await new Promise((resolve) => setTimeout(resolve, 20));
    appendFileSync(log, 'out ');
  });`;

test('processes go one after the other, also past the lock of a dead one', async () => {
  const [lock, log] = [join(folder, 'lock'), join(folder, 'log')];
  const dead = spawn(process.execPath, ['-e', '']);
  await once(dead, 'exit');
  writeFileSync(lock, String(dead.pid));
  const codes = await Promise.all([1, 2, 3, 4, 5].map(async () => (await once(spawn(process.execPath, ['--input-type=module', '-e', PROGRAM, lock, log], { stdio: 'inherit' }), 'exit'))[0] as number));
  expect(codes).toEqual([0, 0, 0, 0, 0]);
  expect(readFileSync(log, 'utf8')).toBe('in out '.repeat(5));
  expect(existsSync(lock)).toBe(false);
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
