import { type Caps, NO_CAPS, shareOf, tighter } from '../rate/caps.ts';
import { RateControl, type RateOptions } from '../rate/rate-control.ts';
import type { Taking } from './give-way.ts';

/** The rate of a load into one region: the share of the cluster's caps that it was given, whatever row groups it holds; window and search guard as for a lane. */
export class BackfillRate extends RateControl {
  #ofCluster: Caps | null = null;
  #taking: Taking = { share: 0, documentsPerSecond: null };

  constructor(options: Omit<RateOptions, 'lanes'>) {
    super({ ...options, lanes: 1 });
    super.own(1, 1);
  }

  /** The caps of the whole cluster. Nothing is sent before the first call. */
  override cap(caps: Caps): void {
    this.#ofCluster = caps;
    this.#give();
  }

  /** What it may take from now on. */
  allow(taking: Taking): void {
    this.#taking = taking;
    this.#give();
  }

  /** Row groups come and go: they say nothing about the share. */
  override own(): void {}

  #give(): void {
    if (this.#ofCluster === null) return;
    const { share, documentsPerSecond } = this.#taking;
    super.cap(tighter(shareOf(this.#ofCluster, share, 1), { ...NO_CAPS, documentsPerSecond }));
  }
}
