import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { cpuSecondsOf } from './child.ts';
import { spawnTethered } from './tethered.ts';

const POLL_MS = 50;

/** A command that ran to its end. */
export interface Ran {
  /** What it printed, as JSON. */
  readonly report: Readonly<Record<string, unknown>>;
  readonly cpuSeconds: number;
  readonly peakRssMiB: number;
}

/** Runs `sluice --json <args>` to its end; its CPU and memory are read from /proc while it lives. Rejects where it ends with a code that is not fine. */
export async function runCommand(configFile: string, args: readonly string[], nodeOptions: readonly string[] = [], fine: readonly number[] = [0]): Promise<Ran> {
  const child = spawnTethered(['--config', configFile, '--json', ...args], { stdio: ['ignore', 'pipe', 'inherit'], nodeOptions, env: { SLUICE__LOG__LEVEL: 'warn' } });
  let printed = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => { printed += text; });
  let code: number | null | undefined;
  const ended = new Promise<number | null>((resolve, reject) => { child.once('error', reject).once('close', resolve); });
  void ended.then((value) => { code = value; }, () => { code = null; });
  const used = { cpuSeconds: 0, peakRssMiB: 0 };
  while (code === undefined) {
    try {
      used.cpuSeconds = cpuSecondsOf(child.pid as number);
      used.peakRssMiB = Math.max(used.peakRssMiB, Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1] ?? 0) / 1024);
    } catch {
      // It ended between two looks: what was read last stands.
    }
    await sleep(POLL_MS);
  }
  if (!fine.includes((await ended) ?? -1)) throw new Error(`sluice ${args.join(' ')} ended with ${code}: ${printed.slice(0, 2_000)}`);
  return { ...used, report: JSON.parse(printed) as Record<string, unknown> };
}
