import type { ByteBudget } from '../domain/byte-budget.ts';
import type { Clock } from '../ports/clock.ts';
import { type Chunk, Hold } from './chunk.ts';
import type { Heads } from './heads.ts';
import type { RegionWriter } from './region-writer.ts';

/** A region may hold this part of the shared budget while another one keeps up … */
const SHARE_OF_BUDGET = 0.5;
/** … and more than it for this long, ms: a hiccup is cheaper than reading the source twice. Then it is cut loose. */
const SLOW_PATIENCE_MS = 2_000;
/** … or this long, ms, once the budget is spent: from then on the other region stands still as well. */
const STARVING_PATIENCE_MS = 500;

/** Hands each chunk of the shared reading to every region that is in step, and cuts loose whoever would slow the others. */
export class DualWrite {
  readonly #heads: Heads;
  readonly #writers: readonly RegionWriter[];
  readonly #budget: ByteBudget;
  readonly #clock: Clock;
  /** Since when a region fills its share while another one keeps up, monotonic ms. */
  readonly #slowSince = new Map<RegionWriter, number>();

  constructor(heads: Heads, writers: readonly RegionWriter[], budget: ByteBudget, clock: Clock) {
    this.#heads = heads;
    this.#writers = writers;
    this.#budget = budget;
    this.#clock = clock;
  }

  /** True where some region would take what comes next; without a taker the shared reading has to wait. */
  hasTaker(step: Pick<Chunk, 'topic' | 'partition' | 'assignment' | 'from'>): boolean {
    return this.#writers.some(({ state }) => state.takesFromHead(step));
  }

  /** The same chunk, the same bytes, to each region in step; false where none is, or the partition is not ours any more. */
  write(chunk: Chunk): boolean {
    const takers = this.#writers.filter(({ state }) => state.takesFromHead(chunk));
    if (takers.length === 0 || !this.#heads.advance(chunk)) return false;
    const hold = new Hold(this.#budget, chunk.bytes, takers.length);
    for (const writer of takers) writer.offer(chunk, hold, true);
    this.cutLaggards();
    return true;
  }

  /** Cuts loose each region that has filled its share of the budget for too long while another one kept up. */
  cutLaggards(): void {
    const fed = this.#writers.filter(({ state }) => !state.isCut);
    const laggards = laggardsOf(fed.map(({ sharedBytes }) => sharedBytes), this.#budget.limit * SHARE_OF_BUDGET).map((index) => fed[index]);
    const now = this.#clock.monotonic();
    const patience = this.#budget.waiting > 0 ? STARVING_PATIENCE_MS : SLOW_PATIENCE_MS;
    for (const writer of this.#writers) {
      if (!laggards.includes(writer)) this.#slowSince.delete(writer);
      else if (!this.#slowSince.has(writer)) this.#slowSince.set(writer, now);
      else if (now - (this.#slowSince.get(writer) ?? now) >= patience) this.#cut(writer, patience);
    }
  }

  #cut(writer: RegionWriter, patience: number): void {
    this.#slowSince.delete(writer);
    writer.cut('slow', `it has held ${writer.sharedBytes} bytes or so for ${patience} ms while another region kept up`);
  }
}

/** Indices of those who hold more than `share` bytes while another holds less than half of that. */
export function laggardsOf(held: readonly number[], share: number): number[] {
  const least = Math.min(...held);
  return held.flatMap((bytes, index) => (bytes > share && least < share / 2 ? [index] : []));
}
