import type { RateStatus } from '../rate/rate-control.ts';

/** What holds a load back: live traffic that fell behind, searches that must not suffer, its share of the caps. */
export const HOLDERS = ['live', 'searches', 'caps'] as const;
export type Holder = (typeof HOLDERS)[number];
export type HeldSeconds = Readonly<Record<Holder, number>>;

export const NOT_HELD: HeldSeconds = { live: 0, searches: 0, caps: 0 };

/** What a load is held back by at this moment: what it gives way to, or what its requests wait for. Null: nothing but the cluster itself. */
export function holderOf(givesWayTo: Holder | null, { caps, guard, share, waiting }: RateStatus): Holder | null {
  if (givesWayTo !== null) return givesWayTo;
  if (waiting === 0 || caps === null) return null;
  if (guard !== null && share.documentsPerSecond === guard) return 'searches';
  // Without caps it is the rate at which live traffic was disturbed before.
  return caps.documentsPerSecond === null && caps.bytesPerSecond === null ? 'live' : 'caps';
}

/** How long a load was held back by what, as it looked from time to time. */
export class HeldBack {
  #by: Holder | null = null;
  #ms: Record<Holder, number> = { ...NOT_HELD };

  /** By what it is held now; `ms` since the look before. */
  look(by: Holder | null, ms: number): void {
    this.#by = by;
    if (by !== null) this.#ms[by] += ms;
  }

  get by(): Holder | null { return this.#by; }

  get seconds(): HeldSeconds {
    return { live: Math.round(this.#ms.live / 1_000), searches: Math.round(this.#ms.searches / 1_000), caps: Math.round(this.#ms.caps / 1_000) };
  }
}
