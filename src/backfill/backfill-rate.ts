import { type Caps, shareOf } from '../rate/caps.ts';
import { RateControl, type RateOptions } from '../rate/rate-control.ts';

/** Granularity of a share: caps are shared by whole parts. */
const PARTS = 1_000;

/** The rate of a load into one region: a fixed share of the cluster's caps, whatever row groups it holds; window and search guard as for a lane. */
export class BackfillRate extends RateControl {
  readonly #share: number;

  /** `share`: 0…1 of the caps of the cluster. */
  constructor(options: Omit<RateOptions, 'lanes'>, share: number) {
    super({ ...options, lanes: 1 });
    this.#share = share;
    super.own(1, 1);
  }

  override cap(caps: Caps): void {
    super.cap(shareOf(caps, Math.round(this.#share * PARTS), PARTS));
  }

  /** Row groups come and go: they say nothing about the share. */
  override own(): void {}
}
