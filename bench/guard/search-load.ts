import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, request } from 'undici';

/** Words of the documents' titles, from frequent (one title in seven) to rare (one in thirty). */
const WORDS = ['vintage', 'new', 'genuine', 'apple', 'rare', 'iphone', 'original', 'mint', 'candle', 'black', 'boxed', 'yankee', '256gb', 'set', 'pro', 'unlocked', 'case', 'pair', 'charger', 'blue', 'galaxy', 'samsung', 'monitor', 'steel'];
const CONNECTIONS = 32;
/** Searches that may wait for their answer at once; more than this is no measurement any more. */
const MOST_OPEN = 200;

/** The indices that a search spans, and the time: epoch ms, the end not included. */
export interface SearchSpan { readonly indices: readonly string[]; readonly from: number; readonly until: number }

/** One search that was answered: when it was due, and how long after that the answer was there, ms of the monotonic clock. */
export interface Answered { readonly due: number; readonly ms: number }

/**
 * Searches that begin at a fixed rate whether or not those before them were answered: keywords, a range of days and its indices,
 * three aggregations. What a slow search delays counts as its delay.
 */
export class SearchLoad {
  readonly answered: Answered[] = [];
  readonly #node: string;
  readonly #spanOf: (number: number) => SearchSpan;
  readonly #agent = new Agent({ connections: CONNECTIONS, pipelining: 1 });
  readonly #open = new Set<Promise<void>>();
  #ended = false;
  #failure: unknown = null;
  #loop: Promise<void> = Promise.resolve();

  /** `spanOf` is given numbers without a pattern, from 0 to 65,535. */
  constructor(node: string, spanOf: (number: number) => SearchSpan) {
    this.#node = node;
    this.#spanOf = spanOf;
  }

  start(perSecond: number): void {
    this.#loop = this.#run(1_000 / perSecond);
  }

  /** Milliseconds of the searches that were due from one moment of `performance.now()` to another. Throws when a search has failed. */
  between(from: number, until: number): number[] {
    if (this.#failure !== null) throw this.#failure as Error;
    return this.answered.filter(({ due }) => due >= from && due < until).map(({ ms }) => ms);
  }

  async close(): Promise<void> {
    this.#ended = true;
    await this.#loop;
    await Promise.all(this.#open);
    await this.#agent.close();
  }

  async #run(stepMs: number): Promise<void> {
    const began = performance.now();
    for (let number = 0; !this.#ended && this.#failure === null; number += 1) {
      const due = began + number * stepMs;
      await sleep(Math.max(0, due - performance.now()));
      const search: Promise<void> = this.#search(number, due).catch((error: unknown) => { this.#failure ??= error; }).finally(() => this.#open.delete(search));
      this.#open.add(search);
      if (this.#open.size > MOST_OPEN) this.#failure ??= new Error(`${MOST_OPEN} searches wait for their answers: the cluster does not bear this load`);
    }
  }

  async #search(number: number, due: number): Promise<void> {
    const { indices, from, until } = this.#spanOf(scattered(number));
    const body = JSON.stringify({
      size: 10, track_total_hits: true,
      query: { bool: { must: [{ match: { title: `${WORDS[(number * 7) % WORDS.length]} ${WORDS[(number * 11 + 5) % WORDS.length]}` } }], filter: [{ range: { sold_at: { gte: new Date(from).toISOString(), lt: new Date(until).toISOString() } } }] } },
      aggs: { categories: { terms: { field: 'category.path' } }, days: { date_histogram: { field: 'sold_at', calendar_interval: 'day' } }, prices: { percentiles: { field: 'price', percents: [25, 50, 75] } } },
    });
    const answer = await request(`${this.#node}/${indices.join(',')}/_search?request_cache=false&filter_path=hits.total.value,timed_out`, { dispatcher: this.#agent, method: 'POST', body, headers: { 'content-type': 'application/json' } });
    const text = await answer.body.text();
    if (answer.statusCode !== 200) throw new Error(`a search failed: ${answer.statusCode} ${text.slice(0, 300)}`);
    this.answered.push({ due, ms: performance.now() - due });
  }
}

/** The same number every time, but no pattern that the rhythm of anything else could meet. */
function scattered(number: number): number {
  return Math.imul(number + 1, 0x9e3779b1) >>> 16;
}
