import type { Clock } from '../../ports/clock.ts';

/** Made once: an abort without a reason makes an error, with its stack, each time. */
const WOKEN = new Error('woken');

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
      timer.abort(WOKEN);
    }
    this.#wake = null;
    this.#raised = false;
  }
}
