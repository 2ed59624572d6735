/** What may go at once after a moment of rest, as a part of a second: what was not used before that is lost. */
const BURST_SECONDS = 0.1;
/** While somebody waits nothing is lost, however late a timer wakes it; up to so much of a second, since a process can be frozen for hours. */
const LATE_SECONDS = 1;
/** A debt that is paid back sooner counts as paid: no timer is that fine, and sums of fractions never come out even. */
const NO_TIME_SECONDS = 1e-6;

/** A token bucket that may be overdrawn: whatever is taken is paid back before the next one goes, so the long-run rate is exact. */
export class Bucket {
  /** Units per second; null: no limit. */
  #rate: number | null = null;
  #level = 0;

  setRate(rate: number | null): void {
    // What was saved up at a higher rate would pass the lower one.
    if (rate !== null && this.#rate !== null && rate < this.#rate) this.#level = Math.min(this.#level, rate * BURST_SECONDS);
    this.#rate = rate;
    if (rate === null) this.#level = 0;
  }

  /** Lets so many seconds pass, in which somebody waited or nobody did. */
  refill(seconds: number, awaited: boolean): void {
    if (this.#rate !== null) this.#level = Math.min(Math.max(this.#level, this.#rate * (awaited ? LATE_SECONDS : BURST_SECONDS)), this.#level + this.#rate * seconds);
  }

  take(units: number): void {
    if (this.#rate !== null) this.#level -= units;
  }

  /** Seconds until something may be taken; infinite at a rate of 0. */
  get wait(): number {
    if (this.#rate === null) return 0;
    if (this.#rate === 0) return Number.POSITIVE_INFINITY;
    const seconds = -this.#level / this.#rate;
    return seconds < NO_TIME_SECONDS ? 0 : seconds;
  }
}
