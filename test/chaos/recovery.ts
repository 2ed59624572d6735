/** A fault that is over, and how long the lanes needed after it; null while they are not back to normal. */
export interface Recovery {
  readonly kind: string;
  readonly healedAt: number;
  seconds: number | null;
}

/**
 * How long it takes after each fault until nobody is behind any more. Where faults overlap, the later one's time is
 * counted in: the figures are upper bounds. Times in ms of any steady clock.
 */
export class RecoveryClock {
  readonly recoveries: Recovery[] = [];
  readonly #normalLag: number;

  /** `normalLag`: records that may be under way at any time. */
  constructor(normalLag: number) {
    this.#normalLag = normalLag;
  }

  healed(kind: string, now: number): void {
    this.recoveries.push({ kind, healedAt: now, seconds: null });
  }

  /** `lag` as measured by a question that was asked at `now`; null where nobody answered. */
  measured(lag: number | null, now: number): void {
    if (lag === null || lag > this.#normalLag) return;
    for (const recovery of this.recoveries) {
      if (recovery.seconds === null && now >= recovery.healedAt) recovery.seconds = (now - recovery.healedAt) / 1_000;
    }
  }

  /** Seconds, rounded to tenths; null where no fault was recovered from. */
  figures(): { readonly p50: number | null; readonly max: number | null } {
    const seconds = this.recoveries.flatMap((recovery) => (recovery.seconds === null ? [] : [recovery.seconds])).sort((a, b) => a - b);
    const at = (share: number): number | null => (seconds.length === 0 ? null : Math.round((seconds[Math.ceil(share * seconds.length) - 1] ?? 0) * 10) / 10);
    return { p50: at(0.5), max: at(1) };
  }
}
