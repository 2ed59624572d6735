import type { Clock } from '../ports/clock.ts';
import { Bucket } from './bucket.ts';
import type { Caps } from './caps.ts';

/** Longest sleep without looking at the caps again, ms: timers cannot wait for ever. */
const LONGEST_SLEEP_MS = 60_000;

/**
 * Lets requests go no faster than the caps allow, in the order in which they came. Until the first `set` nothing goes: a cap
 * that is not known yet must not be passed. New caps hold at once, also for those who wait already.
 */
export class Pace {
  readonly #clock: Clock;
  readonly #documents = new Bucket();
  readonly #bytes = new Bucket();
  #known = false;
  /** Whether somebody waits for what is refilled. */
  #awaited = false;
  #lastRefill: number;
  #queue: Promise<void> = Promise.resolve();
  #waiting = 0;
  #changed = new AbortController();

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#lastRefill = clock.monotonic();
  }

  /** How many requests wait for their turn. */
  get waiting(): number { return this.#waiting; }

  set(caps: Caps): void {
    this.#refill();
    this.#known = true;
    this.#documents.setRate(caps.documentsPerSecond);
    this.#bytes.setRate(caps.bytesPerSecond);
    const changed = this.#changed;
    this.#changed = new AbortController();
    changed.abort();
  }

  /** Resolves when so much may be sent; rejects with the signal's reason when aborted before. */
  async take(documents: number, bytes: number, signal: AbortSignal): Promise<void> {
    const before = this.#queue;
    let leave: () => void = () => undefined;
    this.#queue = new Promise((resolve) => { leave = resolve; });
    this.#waiting += 1;
    try {
      await before;
      await this.#turn(signal);
      this.#documents.take(documents);
      this.#bytes.take(bytes);
    } finally {
      this.#waiting -= 1;
      leave();
    }
  }

  async #turn(signal: AbortSignal): Promise<void> {
    for (;;) {
      signal.throwIfAborted();
      this.#refill();
      const seconds = this.#known ? Math.max(this.#documents.wait, this.#bytes.wait) : Number.POSITIVE_INFINITY;
      if (seconds === 0) return;
      this.#awaited = true;
      await this.#sleep(Math.min(LONGEST_SLEEP_MS, seconds * 1_000), signal);
      this.#refill();
      this.#awaited = false;
    }
  }

  async #sleep(ms: number, signal: AbortSignal): Promise<void> {
    const changed = this.#changed.signal;
    try {
      await this.#clock.sleep(ms, AbortSignal.any([signal, changed]));
    } catch (error) {
      if (!changed.aborted && !signal.aborted) throw error;
    }
  }

  #refill(): void {
    const now = this.#clock.monotonic();
    const seconds = (now - this.#lastRefill) / 1_000;
    this.#lastRefill = now;
    this.#documents.refill(seconds, this.#awaited);
    this.#bytes.refill(seconds, this.#awaited);
  }
}
