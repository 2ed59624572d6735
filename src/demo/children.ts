import { spawn, type ChildProcess } from 'node:child_process';
import { createWriteStream, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { SluiceError } from '../domain/errors.ts';
import { runEnvironment } from './run-config.ts';

/** A `sluice` process of the demonstration. */
export interface Child {
  readonly name: string;
  readonly pid: number;
  /** Where it serves `/status`. */
  readonly url: string;
  /** Resolves with a sentence when it ends, in whatever way. */
  readonly ended: Promise<string>;
  /** Lets it drain; after `graceMs` it is killed. Resolves true when it ended by itself with code 0. */
  stop(graceMs: number): Promise<boolean>;
}

const SLUICE = fileURLToPath(new URL('../main/sluice.ts', import.meta.url));
const START_TIMEOUT_MS = 60_000;
const KEPT_LINES = 12;

/**
 * Starts one `sluice` command as a process of its own (in its own process group, so that Ctrl-C reaches it only through
 * `stop`) and resolves when it serves. It drains by itself when this process vanishes. Its log goes to `logs/NAME.log`.
 */
export async function startChild(name: string, args: readonly string[], folder: string): Promise<Child> {
  const child = spawn(process.execPath, [SLUICE, ...args], { stdio: ['ignore', 'ignore', 'pipe', 'ipc'], detached: true, env: runEnvironment(process.env) });
  const lines = keepLog(child, name, folder);
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(`${name} could not be started: ${error.message}`));
    child.once('close', (code, signal) => resolve(`${name} ended ${signal === null ? `with exit code ${code}` : `by ${signal}`}${tail(lines)}`));
  });
  const url = await announced(child, name, ended);
  return { name, pid: child.pid ?? 0, url, ended, stop: (graceMs) => stop(child, ended, graceMs) };
}

function keepLog(child: ChildProcess, name: string, folder: string): string[] {
  const lines: string[] = [];
  if (child.stderr === null) return lines;
  mkdirSync(join(folder, 'logs'), { recursive: true });
  const file = createWriteStream(join(folder, 'logs', `${name}.log`), { flags: 'a' });
  // The log file is a convenience: its folder may be gone while the last lines still arrive.
  file.on('error', () => undefined);
  child.stderr.pipe(file);
  createInterface({ input: child.stderr }).on('line', (line) => {
    lines.push(line);
    if (lines.length > KEPT_LINES) lines.shift();
  });
  return lines;
}

async function announced(child: ChildProcess, name: string, ended: Promise<string>): Promise<string> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new SluiceError('STACK_FAILED', `${name} did not start within ${START_TIMEOUT_MS / 1_000} s`)), START_TIMEOUT_MS);
  });
  const first = new Promise<string>((resolve) => child.once('message', (message) => resolve((message as { url: string }).url)));
  const died = ended.then((how) => { throw new SluiceError('STACK_FAILED', how); });
  try {
    return await Promise.race([first, died, late]);
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

async function stop(child: ChildProcess, ended: Promise<string>, graceMs: number): Promise<boolean> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode === 0;
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
  await ended;
  clearTimeout(timer);
  return child.exitCode === 0;
}

function tail(lines: readonly string[]): string {
  return lines.length === 0 ? '' : `; its last lines:\n${lines.map((line) => `  ${line}`).join('\n')}`;
}
