import { readFileSync } from 'node:fs';

/** Clock ticks a second in /proc/stat. */
const TICKS = 100;
/** Columns of /proc/stat that are work: user, nice, system, irq, softirq. */
const WORK = [1, 2, 3, 6, 7];

/** How many cores the programs use that do not belong to a measurement. A machine without /proc/stat is taken to be undisturbed. */
export class OtherPrograms {
  #last: { readonly at: number; readonly machine: number; readonly own: number } | null = null;

  /** Cores since the last call; `own`: CPU-seconds so far of everything that belongs to the measurement. 0 at the first call. */
  cores(own: number): number {
    const now = { at: performance.now() / 1_000, machine: machineSeconds() ?? own, own };
    const last = this.#last;
    this.#last = now;
    if (last === null) return 0;
    return Math.max(0, now.machine - last.machine - (now.own - last.own)) / (now.at - last.at);
  }
}

function machineSeconds(): number | null {
  try {
    const fields = (readFileSync('/proc/stat', 'utf8').split('\n')[0] as string).split(/\s+/);
    return WORK.reduce((sum, column) => sum + Number(fields[column]), 0) / TICKS;
  } catch {
    return null;
  }
}
