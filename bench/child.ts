import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { spawnTethered } from './tethered.ts';

/** Clock ticks a second in /proc/<pid>/stat. */
const TICKS = 100;

/** A Sluice process under measurement. */
export interface Child {
  readonly name: string;
  /** Where it serves /metrics and /status. */
  readonly url: string;
  cpuSeconds(): number;
  /** Largest resident memory so far. */
  peakRssMiB(): number;
  /** Resident memory now. */
  rssMiB(): number;
  /** SIGTERM; resolves with the exit code. */
  stop(): Promise<number | null>;
}

/** Starts `sluice <args>` as a process of its own; resolves when it serves its health. */
export async function startChild(args: readonly string[], nodeOptions: readonly string[] = []): Promise<Child> {
  const child = spawnTethered(args, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'], nodeOptions, env: { SLUICE__LOG__LEVEL: 'warn' } });
  const url = await announced(child, args.join(' '));
  const pid = child.pid as number;
  return {
    name: args.join(' '),
    url,
    cpuSeconds: () => cpuSecondsOf(pid),
    peakRssMiB: () => statusOf(pid, 'VmHWM'),
    rssMiB: () => statusOf(pid, 'VmRSS'),
    stop: async () => {
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      return (await exited)[0] as number | null;
    },
  };
}

/** User and system time of a process (all threads), from /proc. */
export function cpuSecondsOf(pid: number): number {
  return cpuSecondsIn(statOf(pid));
}

/** The fields of /proc/<pid>/stat behind the name. Throws where the process has ended. */
export function statOf(pid: number): readonly string[] {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

/** User and system time, of what `statOf` gives. */
export function cpuSecondsIn(fields: readonly string[]): number {
  return (Number(fields[11]) + Number(fields[12])) / TICKS;
}

function statusOf(pid: number, field: string): number {
  return Number(new RegExp(`${field}:\\s+(\\d+)`).exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? Number.NaN) / 1024;
}

async function announced(child: ChildProcess, name: string): Promise<string> {
  return await new Promise((resolve, reject) => {
    child.once('message', (message) => resolve((message as { url: string }).url));
    child.once('exit', (code) => reject(new Error(`sluice ${name} ended with ${code} before it was ready`)));
    child.once('error', reject);
  });
}
