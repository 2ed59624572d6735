import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const GONE_POLL_MS = 20;
const GONE_TIMEOUT_MS = 10_000;

/** The argument by which the servers of a stack are told from every other process, however they were left behind. */
export function markerOf(folder: string): string {
  return `-Dsluice.stack=${folder}`;
}

/** Whether a process of this id exists (a zombie counts as gone). */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  return !/^State:\s+Z/m.test(readProc(`/proc/${pid}/status`));
}

/** What tells this process from a later one with the same id; empty when it is gone. */
export function processIdentity(pid: number): string {
  if (existsSync('/proc/self/stat')) {
    const stat = readProc(`/proc/${pid}/stat`);
    const startTicks = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
    return startTicks === undefined ? '' : `${readProc('/proc/sys/kernel/random/boot_id').trim()}:${startTicks}`;
  }
  return ps(['-o', 'lstart=', '-p', String(pid)]).trim();
}

/** Ids of all processes that carry the marker of a stack folder. */
export function processesOf(folder: string): number[] {
  const marker = markerOf(folder);
  if (existsSync('/proc/self/cmdline')) {
    return readdirSync('/proc').filter((entry) => /^\d+$/.test(entry) && readProc(`/proc/${entry}/cmdline`).split('\0').includes(marker)).map(Number);
  }
  return ps(['-axww', '-o', 'pid=,command=']).split('\n').filter((line) => `${line} `.includes(` ${marker} `)).map((line) => Number.parseInt(line, 10));
}

/** Ends every process of a stack at once and waits until none is left; false when some would not go. */
export async function killProcessesOf(folder: string): Promise<boolean> {
  for (let waited = 0; waited < GONE_TIMEOUT_MS; waited += GONE_POLL_MS) {
    const left = processesOf(folder);
    if (left.length === 0) return true;
    for (const pid of left) signalProcess(pid, 'SIGKILL');
    await sleep(GONE_POLL_MS);
  }
  return false;
}

/** Sends a signal; false when the process is gone. */
export function signalProcess(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}

function readProc(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // The process ended while it was looked at, or the system has no /proc.
    return '';
  }
}

function ps(options: string[]): string {
  try {
    return execFileSync('ps', options, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], maxBuffer: 16 * 1024 * 1024 });
  } catch {
    // `ps -p` exits with 1 when there is no such process.
    return '';
  }
}
