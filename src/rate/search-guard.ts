/** What a cluster says of its searches and of itself: counters and gauges summed over its nodes. */
export interface SearchReading {
  readonly queries: number;
  readonly queryMs: number;
  /** Searches that wait for a thread, the threads there are, and the searches that were turned away so far. */
  readonly queued: number;
  readonly threads: number;
  readonly turnedAway: number;
  /** Indexing pressure of the fullest node: memory held by writes ÷ its limit, 0…1. */
  readonly pressure: number;
}

/** With fewer searches between two readings there is nothing to guard. */
const FEWEST_QUERIES = 8;
/** Documents/s of a host while it is learned how fast search is undisturbed. */
const LEARNING_RATE = 500;
/** Readings under that rate from which this is learned, at first and later; one more goes before them, since it still tells of what was before. */
const LEARNING_READINGS = 8;
const LOOKING_READINGS = 5;
/** Searches change with the hour and with the index, so it is looked at anew this often, ms; by the wall clock, so that all hosts look at once and none is in another's way. */
const LOOK_EVERY_MS = 15 * 60_000;
/** Weight of a new look against what was known. */
const LOOK_WEIGHT = 0.5;
/** No host is slowed below this: what comes in all the time must still be indexed. */
const LEAST_RATE = 50;
/** Change of the limit: the deviation from the factor to the power of this, within bounds. Search gets slower much faster than indexing gets faster. */
const GAIN = 0.25;
const MOST_GROWTH = 1.25;
const MOST_CUT = 0.5;
/** Below this part of what is allowed it grows fast. */
const UNFELT = 0.3;
/** So far above the factor it is cut in proportion. */
const ALARM = 1.4;
/** A limit far above what is sent would come too late when more is to be sent. */
const HEADROOM = 2;
/** Weight of the newest reading in the mean that is steered by. */
const WEIGHT = 0.3;
/** A difference of so many ms is noise, whatever the ratio. */
const NOTICEABLE_MS = 0.1;
/** The slowest hundredth suffers more than the mean: (p99 factor − 1) ÷ (mean factor − 1), as `npm run bench -- search-guard` measures it. */
const TAIL = 3;
/** So many for each thread may wait: one search asks many shards at once. */
const MOST_QUEUED = 5;
const MOST_PRESSURE = 0.7;

/** A look at undisturbed searches. `stale`: the reading that still tells of what was before has not come yet. */
interface Learning { readonly readings: number; readonly means: number[]; stale: boolean }

/**
 * Decides how many documents/s a host may send so that search suffers no more than the operator allows. Pure: readings in,
 * limit out. A cluster tells the mean of its searches only; `TAIL` says what that means for the slowest ones.
 */
export class SearchGuard {
  #factor: number;
  readonly #fixedBaseline: number | null;
  #last: SearchReading | null = null;
  #baseline: number | null;
  #learning: Learning | null = null;
  /** The span of `LOOK_EVERY_MS` in which it was learned last. */
  #span: number | null = null;
  #mean: number | null = null;
  #limit: number | null = null;

  /** `factor`: p99 of searches with indexing ÷ without; 0 guards nothing. `baselineMs`: mean latency without indexing where it is known. */
  constructor(factor: number, baselineMs: number | null) {
    this.#factor = factor;
    this.#fixedBaseline = baselineMs;
    this.#baseline = baselineMs;
  }

  /** Documents/s; null: as many as there are. */
  get limit(): number | null { return this.#learning === null || this.off ? this.#limit : Math.min(LEARNING_RATE, this.#limit ?? LEARNING_RATE); }
  /** Mean search latency without indexing as far as it is known, ms. */
  get baselineMs(): number | null { return this.#baseline; }
  get off(): boolean { return this.#factor === 0; }

  set factor(factor: number) {
    this.#factor = factor;
    if (factor === 0) this.#limit = null;
  }

  /** A reading, what this host sent since the last one (documents/s), and the wall clock (epoch ms). */
  observe(reading: SearchReading, sent: number, now: number): void {
    const last = this.#last;
    this.#last = reading;
    if (last === null || this.off || reading.queries < last.queries) return; // the first one, or a node began anew
    const [queries, queryMs] = [reading.queries - last.queries, reading.queryMs - last.queryMs];
    if (reading.turnedAway > last.turnedAway || reading.queued > MOST_QUEUED * reading.threads || reading.pressure > MOST_PRESSURE) this.#steer(MOST_CUT, sent);
    else if (queries < FEWEST_QUERIES) this.#rest();
    else if (this.#toLearn(now)) this.#learn(queryMs / queries);
    else this.#judge(queryMs / queries, sent);
  }

  /** Nobody searches: nothing to guard, and nothing to learn. */
  #rest(): void {
    this.#limit = null;
    if (this.#learning !== null) this.#span = null;
    this.#learning = null;
  }

  #judge(mean: number, sent: number): void {
    const baseline = this.#baseline as number;
    this.#mean = this.#mean === null ? mean : this.#mean + WEIGHT * (mean - this.#mean);
    const slowerMs = this.#mean - baseline;
    this.#steer(this.#change(slowerMs < NOTICEABLE_MS ? 1 : 1 + (TAIL * slowerMs) / baseline), sent);
  }

  /** By how much the limit changes at this factor: fast while search feels next to nothing or far too much, careful between. */
  #change(factor: number): number {
    const by = this.#factor / factor;
    if (factor < 1 + (this.#factor - 1) * UNFELT) return MOST_GROWTH;
    return by < 1 / ALARM ? by : by ** GAIN;
  }

  #toLearn(now: number): boolean {
    if (this.#fixedBaseline !== null) return false;
    const span = Math.floor(now / LOOK_EVERY_MS);
    if (this.#learning === null && span !== this.#span) {
      this.#learning = { readings: this.#baseline === null ? LEARNING_READINGS : LOOKING_READINGS, means: [], stale: true };
      this.#span = span;
    }
    return this.#learning !== null;
  }

  #learn(mean: number): void {
    const learning = this.#learning as Learning;
    if (learning.stale) {
      learning.stale = false;
      return;
    }
    learning.means.push(mean);
    if (learning.means.length < learning.readings) return;
    const undisturbed = withoutSlowest(learning.means);
    this.#baseline = this.#baseline === null ? undisturbed : this.#baseline + LOOK_WEIGHT * (undisturbed - this.#baseline);
    this.#limit ??= LEARNING_RATE;
    this.#mean = null;
    this.#learning = null;
  }

  #steer(by: number, sent: number): void {
    const from = Math.min(this.#limit ?? sent, Math.max(LEARNING_RATE, sent * HEADROOM));
    this.#limit = Math.max(LEAST_RATE, from * Math.max(MOST_CUT, Math.min(MOST_GROWTH, by)));
  }
}

/** The mean of all but the slowest: a collection of garbage or a merge falls into any few seconds. */
function withoutSlowest(means: readonly number[]): number {
  const rest = means.toSorted((a, b) => a - b).slice(0, -1);
  return rest.reduce((sum, mean) => sum + mean, 0) / rest.length;
}
