import { readdirSync } from 'node:fs';
import { cpuSecondsIn, statOf } from './child.ts';

/** Of the fields that `statOf` gives. */
const GROUP_AT = 2;
const RSS_PAGES_AT = 21;
const PAGES_PER_MIB = 256;

/** CPU and memory of all processes of a group, from /proc. It has to look often: what has ended is no longer there. */
export class ProcessGroup {
  readonly #group: string;
  readonly #cpuSeconds = new Map<string, number>();
  /** Largest resident memory of all together, of the moments it was looked at. */
  peakRssMiB = 0;

  constructor(group: number) {
    this.#group = String(group);
  }

  /** User and system time so far. */
  get cpuSeconds(): number {
    return [...this.#cpuSeconds.values()].reduce((sum, seconds) => sum + seconds, 0);
  }

  look(): void {
    let pages = 0;
    for (const pid of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
      const fields = fieldsOf(pid);
      if (fields[GROUP_AT] !== this.#group) continue;
      this.#cpuSeconds.set(pid, cpuSecondsIn(fields));
      pages += Number(fields[RSS_PAGES_AT]);
    }
    this.peakRssMiB = Math.max(this.peakRssMiB, pages / PAGES_PER_MIB);
  }
}

function fieldsOf(pid: string): readonly string[] {
  try {
    return statOf(Number(pid));
  } catch {
    // It ended between the listing and the look.
    return [];
  }
}
