/** A lane that moved nothing for so long is taken for stopped: there is nobody to give way to, ms. */
const STOPPED_MS = 30_000;
/** Weight of the newest reading in the rates. */
const WEIGHT = 0.3;
/** So few records that wait are no lag: a lane commits as many at once, and a burst of them is over before it is looked at again. Less than a second of what a region is made for. */
const NOISE_RECORDS = 200;

/** Where a lane's topics end, and where the lane is, summed over the partitions; `at`: monotonic ms. */
export interface LanePosition { readonly ends: number; readonly lag: number; readonly at: number }

/** How long a lane needs for what waits for it, from one reading after the other. */
export class LiveLag {
  #last: LanePosition | null = null;
  #movedAt: number | null = null;
  /** Records/s that the lane settles, and that come in. */
  #settles = 0;
  #comes = 0;

  /** Seconds; null where the lane moves nothing. */
  observe(now: LanePosition): number | null {
    const last = this.#last;
    this.#last = now;
    if (last !== null && now.at > last.at) this.#learn(last, now);
    if (this.#movedAt === null || now.at - this.#movedAt > STOPPED_MS) return null;
    if (now.lag <= NOISE_RECORDS) return 0;
    return now.lag / Math.max(1, this.#settles, this.#comes);
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
