/** How fast records are sent. */
export type Pace =
  | { readonly kind: 'unlimited' }
  /** So many records a second, exactly over any longer time. */
  | { readonly kind: 'rate'; readonly perSecond: number }
  /** As their own timestamps say, so many times faster. */
  | { readonly kind: 'recorded'; readonly speed: number };

/** When the next record is due, ms after the start. Records without a time go with the one before them. */
export class Pacer {
  readonly #pace: Pace;
  #count = 0;
  #first: number | null = null;
  #latest = 0;

  constructor(pace: Pace) {
    this.#pace = pace;
  }

  /** To be asked once for each record, in order. A time before an earlier one does not turn the clock back. */
  due(timestamp: number | null): number {
    const due = this.#dueOf(timestamp);
    this.#count += 1;
    return due;
  }

  #dueOf(timestamp: number | null): number {
    switch (this.#pace.kind) {
      case 'unlimited': return 0;
      case 'rate': return (this.#count * 1_000) / this.#pace.perSecond;
      case 'recorded': {
        if (timestamp === null) return this.#latest;
        this.#first ??= timestamp;
        this.#latest = Math.max(this.#latest, (timestamp - this.#first) / this.#pace.speed);
        return this.#latest;
      }
    }
  }
}
