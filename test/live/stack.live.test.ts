import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isAlive, signalProcess } from '../../src/stack/processes.ts';
import type { StackState } from '../../src/stack/state.ts';
import { waitFor } from '../support/wait.ts';

const run = promisify(execFile);
const SLUICE = join(import.meta.dirname, '../../src/main/sluice.ts');
const NAME = 'alone';

let project = '';
beforeAll(() => { project = realpathSync(mkdtempSync(join(tmpdir(), 'sluice-project-'))); });
afterAll(async () => {
  await sluice('down', NAME);
  rmSync(project, { recursive: true });
});

/** Runs `sluice stack …` in a project folder of its own. */
async function sluice(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  try {
    return { code: 0, ...(await run(process.execPath, [SLUICE, 'stack', ...args], { cwd: project })) };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, stdout, stderr };
  }
}

async function status(): Promise<StackState> {
  return JSON.parse((await sluice('status', NAME, '--json')).stdout) as StackState;
}

function serverOf(state: StackState): { pid: number; port: number } {
  const { pid, port } = state.servers[0] ?? { pid: null, port: 0 };
  return { pid: pid ?? 0, port };
}

describe('a detached stack', () => {
  test('comes up once, however often it is asked to', async () => {
    const up = await sluice('up', NAME, '--only', 'kafka-west');
    expect(up).toMatchObject({ code: 0, stdout: expect.stringContaining('kafka-west') as string });
    const before = serverOf(await status());
    expect((await sluice('up', NAME)).code).toBe(0);
    expect(serverOf(await status())).toEqual(before);
  });

  test('shows the log of a server', async () => {
    const { stdout } = await sluice('logs', 'kafka-west', NAME, '-n', '400');
    expect(stdout).toContain('Kafka Server started');
    expect(await sluice('logs', 'kafka-north', NAME)).toMatchObject({ code: 2, stderr: expect.stringContaining('kafka-west') as string });
  });

  test('names a dead server, and starts it again on the same port', async () => {
    const { pid, port } = serverOf(await status());
    signalProcess(pid, 'SIGKILL');
    await waitFor(() => !isAlive(pid), { what: 'the end of the server' });
    expect(await sluice('status', NAME)).toMatchObject({ code: 1, stderr: expect.stringContaining('kafka-west is dead') as string });
    expect((await sluice('up', NAME)).code).toBe(0);
    const again = serverOf(await status());
    expect(again.port).toBe(port);
    expect(again.pid).not.toBe(pid);
  });

  test('leaves nothing behind when its owner is killed', async () => {
    const state = await status();
    const { pid } = serverOf(state);
    const folder = join(project, '.sluice/stacks', NAME);
    expect(readFileSync(join(folder, 'owner.json'), 'utf8')).toContain(String(state.pid));
    signalProcess(state.pid, 'SIGKILL');
    await waitFor(() => !isAlive(pid) && !existsSync(folder), { what: 'the guard' });
    expect(await sluice('status', NAME)).toMatchObject({ code: 1, stderr: expect.stringContaining('is not up') as string });
    expect(await sluice('down', NAME)).toMatchObject({ code: 0, stdout: expect.stringContaining('was not up') as string });
  });
});
