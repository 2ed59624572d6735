/** A lane that moved nothing for so long is taken for stopped: there is nobody to give way to, ms. */
const STOPPED_MS = 30_000;
/** Weight of the newest reading in the rates. */
const WEIGHT = 0.3;
/** What waits at each of so many readings is lag; what comes and goes between them is what a lane commits at once. */
const READINGS = 4;
/** So few records are no lag. */
const NOISE_RECORDS = 20;

/** Where a lane's topics end, and where the lane is, summed over the partitions; `at`: monotonic ms. */
export interface LanePosition { readonly ends: number; readonly lag: number; readonly at: number }

/** How long a lane needs for what waits for it, from one reading after the other. */
export class LiveLag {
  #last: LanePosition | null = null;
  #movedAt: number | null = null;
  /** Records/s that the lane settles, and that come in. */
  #settles = 0;
  #comes = 0;
  /** What waited at the last readings. */
  #waiting: number[] = [];

  /** Seconds; null where the lane moves nothing. */
  observe(now: LanePosition): number | null {
    const last = this.#last;
    this.#last = now;
    if (last !== null && now.at > last.at) this.#learn(last, now);
    this.#waiting = [...this.#waiting.slice(1 - READINGS), now.lag];
    if (this.#movedAt === null || now.at - this.#movedAt > STOPPED_MS) return null;
    const lag = Math.min(...this.#waiting);
    return lag <= NOISE_RECORDS ? 0 : lag / Math.max(1, this.#settles, this.#comes);
  }

  #learn(last: LanePosition, now: LanePosition): void {
    const seconds = (now.at - last.at) / 1_000;
    const came = Math.max(0, now.ends - last.ends);
    const settled = came - (now.lag - last.lag);
    if (settled > 0) this.#movedAt = now.at;
    this.#comes += WEIGHT * (came / seconds - this.#comes);
    this.#settles += WEIGHT * (Math.max(0, settled) / seconds - this.#settles);
  }
}
