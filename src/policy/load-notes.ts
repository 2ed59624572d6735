import { z } from 'zod';
import type { Clock } from '../ports/clock.ts';

/** What a load tells the lanes of a region: it takes this share of the region's caps, and so long after the telling. */
const loadNote = z.strictObject({ share: z.number().min(0).max(1), forMs: z.int().positive() });
export type LoadNote = z.output<typeof loadNote>;

/** However many loads there are, this share of the caps stays with the lanes. */
export const LIVE_SHARE = 0.1;

const KEY_START = 'load/';

/** The key of one load's note in the policy topic. */
export function loadKey(region: string, loader: string): string {
  return `${KEY_START}${region}/${loader}`;
}

export function writeLoadNote(note: LoadNote): Buffer {
  return Buffer.from(JSON.stringify(note));
}

interface Heard { readonly share: number; readonly until: number }

/** The loads into one region, as far as they were heard: one that falls silent is forgotten by our own clock, so no two clocks are compared. */
export class LoadNotes {
  readonly #start: string;
  readonly #clock: Clock;
  readonly #heard = new Map<string, Heard>();

  constructor(region: string, clock: Clock) {
    this.#start = loadKey(region, '');
    this.#clock = clock;
  }

  /** Takes an entry of the policy topic; false where it is no note of a load into this region. A note that cannot be read takes the one before it away. */
  entry(key: string, value: Buffer | null): boolean {
    if (!key.startsWith(this.#start)) return false;
    const note = value === null ? null : noteIn(value);
    if (note === null) this.#heard.delete(key);
    else this.#heard.set(key, { share: note.share, until: this.#clock.monotonic() + note.forMs });
    return true;
  }

  /** What all loads take together, but for one of them. */
  share(except?: string): number {
    return this.#living(except).reduce((sum, { share }) => sum + share, 0);
  }

  /** How many loads there are, but for one. */
  count(except?: string): number {
    return this.#living(except).length;
  }

  /** The share of the caps that is left to the lanes. */
  get left(): number { return Math.max(LIVE_SHARE, 1 - this.share()); }

  #living(except: string | undefined): Heard[] {
    const now = this.#clock.monotonic();
    for (const [key, { until }] of this.#heard) if (until <= now) this.#heard.delete(key);
    return [...this.#heard].filter(([key]) => key !== except).map(([, heard]) => heard);
  }
}

function noteIn(value: Buffer): LoadNote | null {
  try {
    return loadNote.parse(JSON.parse(value.toString('utf8')));
  } catch {
    return null; // of another version: its load is not known to take anything
  }
}
