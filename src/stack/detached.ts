import { spawn } from 'node:child_process';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SluiceError } from '../domain/errors.ts';
import type { DaemonMessage } from './daemon.ts';
import { serverOfExtra, type Extra } from './layout.ts';
import { sweepDeadStacks } from './ownership.ts';
import { isAlive, signalProcess } from './processes.ts';
import type { StackProgress } from './progress.ts';
import { findStack, type StackState } from './state.ts';

const POLL_MS = 100;
const STARTING_TIMEOUT_MS = 600_000;
const REVIVE_TIMEOUT_MS = 120_000;
const DOWN_TIMEOUT_MS = 60_000;

/** Folder of the named stacks, below the current folder. */
export const STACKS_FOLDER = join('.sluice', 'stacks');

/** The folder of a named stack. */
export function folderOf(name: string): string {
  if (!/^[a-z0-9][a-z0-9-]*$/.test(name)) throw new SluiceError('USAGE', `"${name}" is no name for a stack: use lower case letters, digits and dashes.`);
  return resolve(STACKS_FOLDER, name);
}

export interface UpOptions {
  readonly folder: string;
  readonly with?: readonly Extra[];
  readonly only?: readonly string[];
  readonly onProgress?: (progress: StackProgress) => void;
}

/** Brings up a detached stack, or joins the one that is there; starts again servers of it that have died. */
export async function bringUp(options: UpOptions): Promise<StackState> {
  const found = findStack(options.folder);
  switch (found.kind) {
    case 'absent':
      await startDaemon(options);
      return runningState(options.folder);
    case 'starting':
      return withAllOf(options, await awaitStarting(options.folder));
    case 'running':
      return withAllOf(options, await reviveDead(options.folder, found.state));
  }
}

function withAllOf(options: UpOptions, state: StackState): StackState {
  const asked = [...(options.with ?? []).map(serverOfExtra), ...(options.only ?? [])];
  const missing = asked.find((name) => state.servers.every((server) => server.name !== name));
  if (missing === undefined) return state;
  throw new SluiceError('STACK_FAILED', `The stack in ${options.folder} is up without ${missing}: take it down first.`);
}

async function startDaemon({ onProgress, ...options }: UpOptions): Promise<void> {
  const daemon = spawn(process.execPath, [join(import.meta.dirname, 'daemon.ts'), JSON.stringify(options)], {
    detached: true,
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  await new Promise<void>((ready, failed) => {
    daemon.on('message', (message: DaemonMessage) => {
      if (message.kind === 'progress') onProgress?.(message.progress);
      else if (message.kind === 'ready') ready();
      else failed(new SluiceError('STACK_FAILED', message.message));
    });
    daemon.once('exit', (code) => failed(new SluiceError('STACK_FAILED', `The process that runs the stack ended with ${code ?? 'a signal'}.`)));
  });
  daemon.removeAllListeners();
  if (daemon.connected) daemon.disconnect();
  daemon.unref();
}

function runningState(folder: string): StackState {
  const found = findStack(folder);
  if (found.kind !== 'running') throw new SluiceError('STACK_FAILED', `The stack in ${folder} ended right after its start.`);
  return found.state;
}

async function awaitStarting(folder: string): Promise<StackState> {
  for (let waited = 0; waited < STARTING_TIMEOUT_MS && findStack(folder).kind === 'starting'; waited += POLL_MS) await sleep(POLL_MS);
  return runningState(folder);
}

async function reviveDead(folder: string, state: StackState): Promise<StackState> {
  if (deadServersOf(state).length === 0) return state;
  signalProcess(state.pid, 'SIGHUP');
  for (let waited = 0; waited < REVIVE_TIMEOUT_MS; waited += POLL_MS) {
    const now = runningState(folder);
    if (deadServersOf(now).length === 0) return now;
    await sleep(POLL_MS);
  }
  throw new SluiceError('STACK_FAILED', `${deadServersOf(runningState(folder)).join(', ')} could not be started again: see "sluice stack logs".`);
}

/** Names of servers that should run and do not. */
export function deadServersOf(state: StackState): string[] {
  return state.servers.filter(({ pid, state: now }) => now === 'died' || (pid !== null && !isAlive(pid))).map(({ name }) => name);
}

/** Ends a detached stack and waits until servers and folder are gone; false when there was none. */
export async function takeDown(folder: string): Promise<boolean> {
  const found = findStack(folder);
  await sweepDeadStacks(join(folder, '..'));
  if (found.kind === 'absent') return false;
  const pid = found.kind === 'running' ? found.state.pid : found.pid;
  signalProcess(pid, 'SIGTERM');
  for (let waited = 0; isAlive(pid); waited += POLL_MS) {
    if (waited > DOWN_TIMEOUT_MS) throw new SluiceError('STACK_FAILED', `Process ${pid}, which runs the stack, does not end.`);
    await sleep(POLL_MS);
  }
  return true;
}
