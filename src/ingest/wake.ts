/** Lets one loop wait until something happens; what happened before the waiting began is not missed. */
export class Wake {
  #rung = false;
  #resolve: (() => void) | null = null;

  ring(): void {
    this.#rung = true;
    this.#resolve?.();
  }

  /** Resolves at the next ring, at once where one came since the last wait, or when aborted. One waiter at a time. */
  async wait(signal: AbortSignal): Promise<void> {
    if (!this.#rung && !signal.aborted) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#resolve = resolve;
      signal.addEventListener('abort', this.#onAbort, { once: true });
      await promise;
      signal.removeEventListener('abort', this.#onAbort);
    }
    this.#rung = false;
    this.#resolve = null;
  }

  readonly #onAbort = (): void => { this.#resolve?.(); };
}
