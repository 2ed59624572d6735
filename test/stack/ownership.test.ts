import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { sweepDeadStacks, takeOwnership } from '../../src/stack/ownership.ts';
import { isAlive, markerOf, processesOf } from '../../src/stack/processes.ts';
import { waitFor } from '../support/wait.ts';

let root = '';
const started: ChildProcess[] = [];
beforeEach(() => { root = realpathSync(mkdtempSync(join(tmpdir(), 'sluice-own-'))); });
afterEach(() => {
  for (const child of started.splice(0)) child.kill('SIGKILL');
  rmSync(root, { recursive: true, force: true });
});

/** A process that looks like a server of the stack in `folder`. */
function fakeServer(folder: string): ChildProcess {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => undefined, 1000)', '--', markerOf(folder)], { detached: true, stdio: 'ignore' });
  started.push(child);
  return child;
}

/** A process that owns `folder` and waits to be killed. */
async function owner(folder: string): Promise<ChildProcess> {
  const program = `import { takeOwnership } from ${JSON.stringify(join(import.meta.dirname, '../../src/stack/ownership.ts'))};
    await takeOwnership(${JSON.stringify(folder)}); process.stdout.write('owns'); setInterval(() => undefined, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
  started.push(child);
  await once(child.stdout, 'data');
  return child;
}

describe('a stack folder', () => {
  test('vanishes with its servers when the owner is killed, and no other server is harmed', async () => {
    const folder = join(root, 'one');
    const killed = await owner(folder);
    const mine = fakeServer(folder);
    const other = fakeServer(join(root, 'one-other'));
    await waitFor(() => processesOf(folder).length === 1, { what: 'the server' });
    killed.kill('SIGKILL');
    await waitFor(() => !existsSync(folder) && !isAlive(mine.pid ?? 0), { what: 'the guard' });
    expect(isAlive(other.pid ?? 0)).toBe(true);
  });

  test('belongs to one owner at a time', async () => {
    const folder = join(root, 'one');
    const ownership = await takeOwnership(folder);
    await expect(takeOwnership(folder)).rejects.toThrow(/already run by process/);
    await ownership.release();
    expect(existsSync(folder)).toBe(false);
  });

  test('is swept when owner and guard are both gone, even if another process has the id of the owner now', async () => {
    const folder = join(root, 'stale');
    mkdirSync(folder);
    const ownership = await takeOwnership(join(root, 'living'));
    const living = JSON.parse(readFileSync(join(root, 'living/owner.json'), 'utf8')) as object;
    writeFileSync(join(folder, 'owner.json'), JSON.stringify({ ...living, identity: 'an earlier process' }));
    const left = fakeServer(folder);
    await waitFor(() => processesOf(folder).length === 1, { what: 'the server' });
    expect(await sweepDeadStacks(root)).toEqual([folder]);
    expect(existsSync(folder) || isAlive(left.pid ?? 0)).toBe(false);
    expect(existsSync(join(root, 'living'))).toBe(true);
    await ownership.release();
  });
});
