import type { Holder } from './held-back.ts';

/** What a load sees of those that go before it. */
export interface Surroundings {
  /** How long the live lanes into the region need for what is waiting; null where no lane moves anything. */
  readonly lagSeconds: number | null;
  /** What the load's own search guard leaves it, documents/s; null: all. */
  readonly guard: number | null;
  /** Documents/s that it sent since the last look. */
  readonly sent: number;
  /** Shares that other loads have told, and how many there are. */
  readonly othersShare: number;
  readonly others: number;
}

/** What a load takes next: a share of the caps, and documents/s where no cap says it (null: as many as there are). */
export interface Taking { readonly share: number; readonly documentsPerSecond: number | null }

/** A look at them, and whom the load gives way to. */
export interface Look extends Taking { readonly givesWayTo: Holder | null }

export interface GiveWayOptions {
  /** Of the caps, for all loads into a region together. */
  readonly share: number;
  /** Nothing is taken when live traffic is so far behind; all of it below half of that, seconds. */
  readonly lagSeconds: number;
}

/** A guard that leaves no more than this wants it quiet. */
const QUIET_RATE = 100;
/** After giving way, what is taken at most doubles with each look, from this part on. */
const FIRST_PART = 0.125;
/** What it sent at its best fades so slowly, a look. */
const FADING = 0.98;
/** The least that "its best" can be, documents/s. */
const LEAST_BEST = 500;

/** When live traffic falls behind, it is this part of what was sent that is tried next, and a little more with each look that disturbs nobody. */
const BACKOFF = 0.7;
const LINGERING_BACKOFF = 0.95;
const CAREFUL_GROWTH = 1.05;
/** The least that is tried, documents/s. */
const LEAST_CEILING = 50;
/** A ceiling is gone when, so many looks after having come back, less than this part of it is sent: something else holds the load. */
const UNUSED_LOOKS = 3;
const UNUSED_PART = 0.5;

/** Decides, look by look, how much of its share a load takes: live traffic and searches go before it. Pure. */
export class GiveWay {
  readonly #options: GiveWayOptions;
  #part = 1;
  #best = LEAST_BEST;
  /** Documents/s that did not disturb live traffic, as far as was found out; null: it never was disturbed, or not by that. */
  #ceiling: number | null = null;
  #liveDisturbed = false;
  /** Looks since all of it is taken again. */
  #fullLooks = 0;
  #givesWayTo: Holder | null = null;

  constructor(options: GiveWayOptions) {
    this.#options = options;
  }

  look(seen: Surroundings): Look {
    const { share } = this.#options;
    this.#best = Math.max(LEAST_BEST, seen.sent, this.#best * FADING);
    const { calm, disturbed } = this.#calm(seen);
    this.#lowerCeiling(disturbed === 'live', seen.sent);
    this.#part = Math.min(calm, Math.max(FIRST_PART, this.#part * 2));
    this.#fullLooks = this.#part === 1 ? this.#fullLooks + 1 : 0;
    this.#raiseCeiling(seen.sent);
    // On the way back it is still for whom it gave way to.
    this.#givesWayTo = this.#part === 1 ? null : disturbed ?? this.#givesWayTo;
    const fair = Math.min(share / (seen.others + 1), Math.max(0, share - seen.othersShare));
    return { share: this.#part * fair, documentsPerSecond: this.#part === 1 ? this.#ceiling : this.#part * Math.min(this.#best, this.#ceiling ?? this.#best), givesWayTo: this.#givesWayTo };
  }

  /** At once when live traffic falls behind; slowly while it stays so although less is sent. */
  #lowerCeiling(liveDisturbed: boolean, sent: number): void {
    if (liveDisturbed) this.#ceiling = Math.max(LEAST_CEILING, this.#backoff(sent) * Math.min(this.#best, this.#ceiling ?? this.#best));
    this.#liveDisturbed = liveDisturbed;
  }

  #backoff(sent: number): number {
    if (!this.#liveDisturbed) return BACKOFF;
    return sent > 0 ? LINGERING_BACKOFF : 1;
  }

  #raiseCeiling(sent: number): void {
    if (this.#ceiling === null || this.#part < 1) return;
    this.#ceiling *= CAREFUL_GROWTH;
    if (this.#fullLooks >= UNUSED_LOOKS && sent < UNUSED_PART * this.#ceiling) this.#ceiling = null;
  }

  /** 1: nobody is disturbed; 0: somebody is. */
  #calm({ lagSeconds, guard }: Surroundings): { readonly calm: number; readonly disturbed: Holder | null } {
    if (guard !== null && guard <= QUIET_RATE) return { calm: 0, disturbed: 'searches' };
    if (lagSeconds === null) return { calm: 1, disturbed: null };
    const most = this.#options.lagSeconds;
    const calm = Math.max(0, Math.min(1, (most - lagSeconds) / (most / 2)));
    return { calm, disturbed: calm < 1 ? 'live' : null };
  }
}
