import type { Clock } from '../../ports/clock.ts';

/** Something happened: wakes the one who waits, and is remembered until then. */
export class Signal {
  readonly #clock: Clock;
  #raised = false;
  #wake: (() => void) | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  raise(): void {
    this.#raised = true;
    this.#wake?.();
  }

  /** Resolves when raised since the last wait, or after `ms`. */
  async wait(ms: number): Promise<void> {
    if (!this.#raised && ms > 0) {
      const timer = new AbortController();
      await Promise.race([new Promise<void>((resolve) => { this.#wake = resolve; }), this.#clock.sleep(ms, timer.signal).catch(() => undefined)]);
      timer.abort();
    }
    this.#wake = null;
    this.#raised = false;
  }
}
