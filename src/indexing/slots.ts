import { unlessAborted } from './interrupt.ts';

/** A bounded number of places, which may change; those who wait get one in order. */
export class Slots {
  #total: number;
  #taken = 0;
  readonly #waiting: (() => void)[] = [];
  readonly #awaitingNone: (() => void)[] = [];

  constructor(total: number) {
    this.#total = total;
  }

  get anyFree(): boolean { return this.#taken < this.#total; }
  get taken(): number { return this.#taken; }

  /** From now on there are so many places; with fewer, those that are taken stay taken. */
  resize(total: number): void {
    this.#total = total;
    this.#grant();
  }

  /** Resolves with a place; rejects with the signal's reason when aborted while waiting. */
  async take(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.anyFree) {
      this.#taken += 1;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const granted = () => {
        signal.removeEventListener('abort', aborted);
        resolve();
      };
      const aborted = () => {
        this.#waiting.splice(this.#waiting.indexOf(granted), 1);
        reject(signal.reason as Error);
      };
      signal.addEventListener('abort', aborted, { once: true });
      this.#waiting.push(granted);
    });
  }

  give(): void {
    this.#taken -= 1;
    this.#grant();
    if (this.#taken === 0) for (const wake of this.#awaitingNone.splice(0)) wake();
  }

  /** Resolves when no place is taken, or when aborted. */
  async none(signal: AbortSignal): Promise<void> {
    while (this.#taken > 0 && !signal.aborted) await unlessAborted(new Promise<void>((resolve) => this.#awaitingNone.push(resolve)), signal);
  }

  #grant(): void {
    while (this.anyFree) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      this.#taken += 1;
      next();
    }
  }
}
