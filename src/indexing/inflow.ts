import { keyOf } from '../domain/settlement.ts';
import type { Lag } from './lag.ts';

/** Weight of the newest reading. */
const WEIGHT = 0.3;

/** How many records a second come in for this host: partitions that it has just been given tell from their second reading on. */
export class Inflow {
  #last: { readonly ends: ReadonlyMap<string, number>; readonly at: number } | null = null;
  #perSecond: number | null = null;

  /** Where the partitions end at `at`, monotonic ms; records/s, 0 before anything is known. */
  observe(partitions: readonly Pick<Lag, 'topic' | 'partition' | 'end'>[], at: number): number {
    const ends = new Map(partitions.map((partition) => [keyOf(partition), partition.end]));
    const last = this.#last;
    this.#last = { ends, at };
    if (last === null || at <= last.at) return this.#perSecond ?? 0;
    const came = [...ends].reduce((sum, [key, end]) => sum + Math.max(0, end - (last.ends.get(key) ?? end)), 0);
    const perSecond = (came * 1_000) / (at - last.at);
    this.#perSecond = this.#perSecond === null ? perSecond : this.#perSecond + WEIGHT * (perSecond - this.#perSecond);
    return this.#perSecond;
  }
}
