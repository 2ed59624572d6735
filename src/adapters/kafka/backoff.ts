const FIRST_MS = 100;
const LONGEST_MS = 5_000;

/** Exponential back-off with full jitter, so that many clients do not come back at the same moment. */
export class Backoff {
  #attempt = 0;

  /** How long to wait before the next attempt, ms. */
  next(): number {
    const ceiling = Math.min(LONGEST_MS, FIRST_MS * 2 ** this.#attempt);
    this.#attempt = Math.min(this.#attempt + 1, 16);
    return ceiling / 2 + Math.random() * (ceiling / 2);
  }

  reset(): void {
    this.#attempt = 0;
  }
}
