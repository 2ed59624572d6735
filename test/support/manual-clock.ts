import type { Clock } from '../../src/ports/clock.ts';

interface Sleeper {
  readonly until: number;
  readonly wake: () => void;
}

/** A clock that stands still until the test moves it. */
export class ManualClock implements Clock {
  #wall: number;
  #monotonic = 0;
  readonly #sleepers = new Set<Sleeper>();

  constructor(now = Date.UTC(2026, 10, 22)) {
    this.#wall = now;
  }

  now(): number { return this.#wall; }
  monotonic(): number { return this.#monotonic; }
  /** How many sleeps are pending. */
  get sleepers(): number { return this.#sleepers.size; }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const sleeper = { until: this.#monotonic + ms, wake: () => { signal?.removeEventListener('abort', abort); resolve(); } };
      const abort = () => { this.#sleepers.delete(sleeper); reject(signal?.reason); };
      signal?.addEventListener('abort', abort, { once: true });
      this.#sleepers.add(sleeper);
    });
  }

  /** Moves both clocks on; sleepers wake in order of their time, and what they start within the span wakes, too. */
  async advance(ms: number): Promise<void> {
    const target = this.#monotonic + ms;
    await settled();
    for (let next = this.#earliest(target); next !== undefined; next = this.#earliest(target)) {
      this.#moveTo(Math.max(next.until, this.#monotonic));
      this.#sleepers.delete(next);
      next.wake();
      await settled();
    }
    this.#moveTo(target);
  }

  /** Moves the wall clock alone, as an operator or NTP would. */
  setWall(now: number): void { this.#wall = now; }

  #moveTo(target: number): void {
    this.#wall += target - this.#monotonic;
    this.#monotonic = target;
  }

  #earliest(limit: number): Sleeper | undefined {
    let first: Sleeper | undefined;
    for (const sleeper of this.#sleepers) {
      if (sleeper.until <= limit && (first === undefined || sleeper.until < first.until)) first = sleeper;
    }
    return first;
  }
}

/** Lets everything that is ready run: a macrotask comes after all pending microtasks. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
