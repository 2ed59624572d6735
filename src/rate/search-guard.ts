/** What a cluster says of its searches and of itself: counters and gauges summed over its nodes. */
export interface SearchReading {
  readonly queries: number;
  readonly queryMs: number;
  /** Searches that wait for a thread, and those that were turned away so far. */
  readonly queued: number;
  readonly turnedAway: number;
  /** Indexing pressure of the fullest node: memory held by writes ÷ its limit, 0…1. */
  readonly pressure: number;
}

/** With fewer searches between two readings there is nothing to guard. */
const FEWEST_QUERIES = 8;
/** Documents/s of a host while it is learned how fast search is undisturbed. */
const LEARNING_RATE = 500;
/** Readings under that rate from which this is learned; the first one still tells of what was before. */
const LEARNING_READINGS = 4;
/** No host is slowed below this: what comes in all the time must still be indexed. */
const LEAST_RATE = 50;
const MOST_GROWTH = 1.3;
const MOST_CUT = 0.5;
/** A limit far above what is sent would come too late when more is to be sent. */
const HEADROOM = 2;
/** Weight of the newest reading in the mean that is steered by. */
const WEIGHT = 0.4;
/** Weight of a reading that is faster than the baseline, and of one that is slower: a growing index makes searches slower for good, over days. */
const FASTER_WEIGHT = 0.3;
const SLOWER_WEIGHT = 0.00003;
/** A difference of so many ms is noise, whatever the ratio. */
const NOTICEABLE_MS = 2;
/** The slowest hundredth suffers more than the mean: (p99 factor − 1) ÷ (mean factor − 1), as `npm run bench -- search-guard` measures it. */
const TAIL = 1.5;
const MOST_PRESSURE = 0.7;

/**
 * Decides how many documents/s a host may send so that search suffers no more than the operator allows. Pure: readings in,
 * limit out. A cluster tells the mean of its searches only; `TAIL` says what that means for the slowest ones.
 */
export class SearchGuard {
  #factor: number;
  readonly #fixedBaseline: number | null;
  #last: SearchReading | null = null;
  #baseline: number | null;
  #learned = 0;
  #mean: number | null = null;
  #limit: number | null = null;

  /** `factor`: p99 of searches with indexing ÷ without; 0 guards nothing. `baselineMs`: mean latency without indexing where it is known. */
  constructor(factor: number, baselineMs: number | null) {
    this.#factor = factor;
    this.#fixedBaseline = baselineMs;
    this.#baseline = baselineMs;
  }

  /** Documents/s; null: as many as there are. */
  get limit(): number | null { return this.#limit; }
  /** Mean search latency without indexing as far as it is known, ms. */
  get baselineMs(): number | null { return this.#baseline; }
  get off(): boolean { return this.#factor === 0; }

  set factor(factor: number) {
    this.#factor = factor;
    if (factor === 0) this.#limit = null;
  }

  /** A reading, and what this host sent since the last one, documents/s. */
  observe(reading: SearchReading, sent: number): void {
    const last = this.#last;
    this.#last = reading;
    if (last === null || this.off || reading.queries < last.queries) return; // the first one, or a node began anew
    const queries = reading.queries - last.queries;
    if (reading.turnedAway > last.turnedAway || reading.queued > 0 || reading.pressure > MOST_PRESSURE) this.#steer(MOST_CUT, sent);
    else if (queries < FEWEST_QUERIES) this.#limit = null;
    else this.#judge((reading.queryMs - last.queryMs) / queries, sent);
  }

  #judge(mean: number, sent: number): void {
    if (this.#fixedBaseline === null && this.#learned < LEARNING_READINGS) return this.#learn(mean);
    const baseline = this.#baseline as number;
    this.#mean = this.#mean === null ? mean : this.#mean + WEIGHT * (mean - this.#mean);
    if (this.#fixedBaseline === null) this.#baseline = baseline + (mean < baseline ? FASTER_WEIGHT : SLOWER_WEIGHT) * (mean - baseline);
    const slower = Math.max(0, this.#mean - baseline - NOTICEABLE_MS) / Math.max(baseline, NOTICEABLE_MS);
    this.#steer(this.#factor / (1 + TAIL * slower), sent);
  }

  #learn(mean: number): void {
    this.#limit = LEARNING_RATE;
    if (this.#learned > 0) this.#baseline = Math.min(mean, this.#baseline ?? mean);
    this.#learned += 1;
  }

  #steer(by: number, sent: number): void {
    const from = Math.min(this.#limit ?? sent, Math.max(LEARNING_RATE, sent * HEADROOM));
    this.#limit = Math.max(LEAST_RATE, from * Math.max(MOST_CUT, Math.min(MOST_GROWTH, by)));
  }
}
