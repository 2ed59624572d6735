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

/** With fewer searches a second there is nothing to guard. */
const FEWEST_PER_SECOND = 2.5;
/** Documents/s of a host of which it is not known yet what search bears. */
export const CAREFUL_RATE = 500;
/** Readings, while nothing is sent, from which it is learned how fast search is undisturbed, at first and later, and those before them that still tell of what was sent. */
const FIRST_READINGS = 11;
const LOOKING_READINGS = 5;
const STALE_READINGS = 2;
/** Searches change with the hour and with the index, so it is looked at anew this often, ms; by the wall clock, so that all hosts look at once and none is in another's way. */
const LOOK_EVERY_MS = 15 * 60_000;
/** Whom search lets send no more than `CAREFUL_RATE` for so many readings learns anew: what was learned may be wrong. If it was not, the next time comes after twice as many, up to a most. */
const LOW_READINGS = 11;
const MOST_LOW_READINGS = 352;
/** What was known was right if undisturbed searches turn out to be slower by no more than this part of what is allowed. */
const CONFIRMED = 0.5;
/** Weight of a new look against what was known. */
const LOOK_WEIGHT = 0.5;
/** No host is slowed below this; what comes in for a lane goes anyway (`KEEPING_UP` in rate-control.ts). */
const LEAST_RATE = 50;
/** The limit changes by the deviation from the factor to the power of this … */
const GAIN = 0.3;
/** … but grows fast below this part of what is allowed, and faster up to this part of where it was before an alarm. */
const UNFELT = 0.3;
const GROWTH = 1.2;
const RETURN_GROWTH = 1.6;
const RETURN_TO = 0.7;
/** So far above the factor, and so many standard errors above what it allows, is an alarm: it is cut to what should be right, by half at most, and so many readings are waited for, since a cluster takes time to recover. */
const ALARM = 1.3;
const SURE = 2;
const MOST_CUT = 0.5;
const RECOVERY_READINGS = 2;
/** A limit far above what is sent would come too late when more is to be sent. */
const HEADROOM = 2;
/** Least weight of the newest reading in the mean that is steered by. */
const WEIGHT = 0.35;
/** Of such a mean: its variance ÷ that of one reading. */
const VARIANCE = WEIGHT / (2 - WEIGHT);
/** Standard deviation ÷ mean absolute deviation. */
const DEVIATION = 1.25;
/** A lane that sends this part of its limit is held by it. */
const BINDING = 0.8;
/** A difference of less than so many ms is noise, whatever the ratio. */
const NOTICEABLE_MS = 0.1;
/** So many for each thread may wait: one search asks many shards at once. */
const MOST_QUEUED = 5;
const MOST_PRESSURE = 0.7;

/** A look at undisturbed searches, for which nothing is sent. `anew`: whatever was known counts no more. `stale`: readings that still tell of what was before. */
interface Look { readonly anew: boolean; readonly means: number[]; stale: number }

/**
 * `factor`: p99 of searches with indexing ÷ without; 0 guards nothing. `baselineMs`: mean latency without indexing where it is known.
 * `tail`: the slowest hundredth suffers more than the mean, (p99 factor − 1) ÷ (mean factor − 1).
 */
export interface SearchGuardOptions { readonly factor: number; readonly baselineMs: number | null; readonly tail: number }

/**
 * Decides how many documents/s a host may send so that search suffers no more than the operator allows. Pure: readings in,
 * limit out. A cluster tells the mean of its searches only; `tail` says what that means for the slowest ones. Little is sent until two
 * readings have told whether anybody searches; who has more to send than that then waits until it is known how fast search is without it.
 */
export class SearchGuard {
  #factor: number;
  readonly #tail: number;
  readonly #fixedBaseline: number | null;
  #last: SearchReading | null = null;
  #baseline: number | null;
  #look: Look | null = null;
  /** The span of `LOOK_EVERY_MS` of the last reading. */
  #span: number | null = null;
  /** Standard deviation of a reading while nothing is sent ÷ its mean: few searches, or unlike ones, leap by themselves. */
  #noise = 0;
  /** Since the last cut or look, and of how many readings. */
  #mean = 0;
  #judged = 0;
  #limit: number | null = CAREFUL_RATE;
  /** Readings, one after the other, in which a limit of no more than `CAREFUL_RATE` held the lane, and of how many something is learned anew. */
  #low = 0;
  #mostLow = LOW_READINGS;
  /** Readings that are not judged: the cluster recovers. */
  #waiting = 0;
  /** Where the limit was before the alarms that are not over yet. */
  #before: number | null = null;

  constructor({ factor, baselineMs, tail }: SearchGuardOptions) {
    this.#factor = factor;
    this.#tail = tail;
    this.#fixedBaseline = baselineMs;
    this.#baseline = baselineMs;
  }

  /** Documents/s; null: as many as there are. */
  get limit(): number | null {
    if (this.off) return null;
    return this.#look === null ? this.#limit : 0;
  }

  /** Mean search latency without indexing as far as it is known, ms. */
  get baselineMs(): number | null { return this.#baseline; }
  get off(): boolean { return this.#factor === 0; }
  set factor(factor: number) { this.#factor = factor; }

  /** A reading `seconds` after the last one, what this host sent meanwhile (documents/s), and the wall clock (epoch ms). */
  observe(reading: SearchReading, { seconds, sent, now }: { readonly seconds: number; readonly sent: number; readonly now: number }): void {
    const last = this.#last;
    this.#last = reading;
    if (last === null || this.off || reading.queries < last.queries) return; // the first one, or a node began anew
    const queries = reading.queries - last.queries;
    if (reading.turnedAway > last.turnedAway || reading.queued > MOST_QUEUED * reading.threads || reading.pressure > MOST_PRESSURE) this.#cut(MOST_CUT, sent);
    else if (queries < FEWEST_PER_SECOND * seconds) this.#rest();
    else {
      this.#lookIfDue(now, sent);
      const mean = (reading.queryMs - last.queryMs) / queries;
      if (this.#look === null) this.#judge(mean, sent);
      else this.#learn(this.#look, mean);
    }
  }

  /** Nobody searches: nothing to guard, and nothing to learn. */
  #rest(): void {
    this.#limit = null;
    this.#look = null;
  }

  #judge(mean: number, sent: number): void {
    if (this.#baseline === null) {
      this.#limit ??= CAREFUL_RATE;
      return;
    }
    if (this.#waiting-- > 0) return;
    this.#waiting = 0;
    const baseline = this.#baseline;
    this.#judged += 1;
    this.#mean += Math.max(WEIGHT, 1 / this.#judged) * (mean - this.#mean);
    const slowerMs = this.#mean - baseline;
    const factor = slowerMs < NOTICEABLE_MS ? 1 : 1 + (this.#tail * slowerMs) / baseline;
    if (factor > Math.max(this.#factor * ALARM, this.#factor + this.#tail * SURE * this.#standardError)) this.#cut((this.#factor - 1) / (factor - 1), sent);
    else this.#change(this.#growth(factor), sent);
  }

  /** Of the mean, as a part of it. */
  get #standardError(): number {
    return this.#noise * Math.sqrt(Math.max(VARIANCE, 1 / this.#judged));
  }

  /** By how much the limit changes at this factor: fast while search feels next to nothing, careful near what is allowed. */
  #growth(factor: number): number {
    if (factor > 1 + (this.#factor - 1) * UNFELT) return (this.#factor / factor) ** GAIN;
    if (this.#before !== null && (this.#limit ?? 0) * RETURN_GROWTH < this.#before * RETURN_TO) return RETURN_GROWTH;
    this.#before = null;
    return GROWTH;
  }

  #cut(by: number, sent: number): void {
    this.#before ??= this.#limit ?? sent;
    this.#change(Math.max(MOST_CUT, by), sent);
    this.#judged = 0;
    this.#waiting = RECOVERY_READINGS;
  }

  #change(by: number, sent: number): void {
    const from = Math.min(this.#limit ?? sent, Math.max(CAREFUL_RATE, sent * HEADROOM));
    this.#limit = Math.max(LEAST_RATE, from * by);
  }

  /** Begins a look where one is due. Who sends less than it may is not stopped for one: what is new must not wait for that. */
  #lookIfDue(now: number, sent: number): void {
    if (this.#look !== null || this.#fixedBaseline !== null) return;
    const span = Math.floor(now / LOOK_EVERY_MS);
    const due = this.#span !== null && span !== this.#span;
    this.#span = span;
    const limit = this.#limit ?? Number.POSITIVE_INFINITY;
    if (sent < limit * BINDING) return;
    this.#low = limit > CAREFUL_RATE ? 0 : this.#low + 1;
    const anew = this.#baseline === null || this.#low >= this.#mostLow;
    if (anew || due) this.#look = { anew, means: [], stale: STALE_READINGS };
  }

  #learn(look: Look, mean: number): void {
    if (look.stale > 0) {
      look.stale -= 1;
      return;
    }
    look.means.push(mean);
    if (look.means.length < (look.anew ? FIRST_READINGS : LOOKING_READINGS)) return;
    // A cluster counts whole milliseconds: searches out of its cache seem to take none at all.
    const undisturbed = Math.max(NOTICEABLE_MS, midMean(look.means));
    const noise = (DEVIATION * look.means.reduce((sum, one) => sum + Math.abs(one / undisturbed - 1), 0)) / look.means.length;
    if (look.anew) this.#learnedAnew(undisturbed);
    const weight = look.anew ? 1 : LOOK_WEIGHT;
    this.#baseline = mixed(this.#baseline ?? undisturbed, undisturbed, weight);
    this.#noise = mixed(this.#noise, noise, weight);
    this.#judged = 0;
    this.#look = null;
  }

  /** After a look that was to tell whether what was known is right. */
  #learnedAnew(undisturbed: number): void {
    const right = this.#baseline !== null && undisturbed / this.#baseline - 1 < (CONFIRMED * (this.#factor - 1)) / this.#tail;
    this.#low = 0;
    this.#mostLow = right ? Math.min(MOST_LOW_READINGS, this.#mostLow * 2) : LOW_READINGS;
    this.#limit = CAREFUL_RATE;
  }
}

function mixed(before: number, now: number, weight: number): number {
  return before + weight * (now - before);
}

/** The mean of the middle ones: a collection of garbage, a merge or another program falls into any few seconds. */
function midMean(values: readonly number[]): number {
  const drop = Math.floor(values.length / 3);
  const middle = values.toSorted((a, b) => a - b).slice(drop, values.length - drop);
  return middle.reduce((sum, value) => sum + value, 0) / middle.length;
}
