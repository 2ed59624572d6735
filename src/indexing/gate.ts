import type { Clock } from '../ports/clock.ts';

/** Why a request did not go through, and whether waiting alone will mend it. */
export interface Trouble {
  readonly kind: 'retry' | 'hold';
  readonly reason: string;
}

export type GateState =
  | { readonly kind: 'open' }
  | { readonly kind: 'backing-off'; readonly reason: string; readonly since: number; readonly attempt: number }
  | { readonly kind: 'held'; readonly reason: string; readonly since: number; readonly attempt: number };

export interface GateOptions {
  readonly clock: Clock;
  /** 0…1, for jitter. */
  readonly random: () => number;
  readonly retryMinMs: number;
  readonly retryMaxMs: number;
  readonly probeMs: number;
  readonly onChange?: (state: GateState) => void;
}

/**
 * The one gate before a cluster, shared by everything that is sent to it. After trouble it closes: all wait the same
 * jittered, exponentially growing time, then one goes first; if that one gets through, the gate opens for all.
 */
export class Gate {
  readonly #options: GateOptions;
  #state: GateState = { kind: 'open' };
  #openAt = 0;
  #probing = false;
  #epoch = 0;
  #wake = new AbortController();

  constructor(options: GateOptions) {
    this.#options = options;
  }

  get state(): GateState { return this.#state; }

  /** Waits for the gate, sends, and closes or opens it by what came of it. Rejects only when aborted or when `send` throws. */
  async through<Result>(signal: AbortSignal, send: () => Promise<{ result: Result; trouble: Trouble | null }>): Promise<Result> {
    const probe = await this.#pass(signal);
    const epoch = this.#epoch;
    try {
      const { result, trouble } = await send();
      if (epoch === this.#epoch) this.#report(trouble);
      return result;
    } finally {
      if (probe) this.#probing = false;
    }
  }

  async #pass(signal: AbortSignal): Promise<boolean> {
    for (;;) {
      signal.throwIfAborted();
      if (this.#state.kind === 'open') return false;
      const wait = this.#openAt - this.#options.clock.monotonic();
      if (wait <= 0 && !this.#probing) {
        this.#probing = true;
        return true;
      }
      await this.#sleep(wait <= 0 ? this.#options.retryMaxMs : wait, signal);
    }
  }

  async #sleep(ms: number, signal: AbortSignal): Promise<void> {
    const woken = this.#wake.signal;
    try {
      await this.#options.clock.sleep(ms, AbortSignal.any([signal, woken]));
    } catch (error) {
      if (!woken.aborted && !signal.aborted) throw error;
    }
  }

  #report(trouble: Trouble | null): void {
    if (trouble === null && this.#state.kind === 'open') return;
    this.#epoch += 1;
    const now = this.#options.clock.now();
    if (trouble === null) {
      this.#state = { kind: 'open' };
    } else {
      const attempt = this.#state.kind === 'open' ? 1 : this.#state.attempt + 1;
      const since = this.#state.kind === 'open' ? now : this.#state.since;
      this.#state = { kind: trouble.kind === 'hold' ? 'held' : 'backing-off', reason: trouble.reason, since, attempt };
      this.#openAt = this.#options.clock.monotonic() + this.#delay(trouble.kind, attempt);
    }
    const woken = this.#wake;
    this.#wake = new AbortController();
    woken.abort();
    this.#options.onChange?.(this.#state);
  }

  /** Half of the delay is fixed, half is chance: never zero, never in step. */
  #delay(kind: Trouble['kind'], attempt: number): number {
    const { retryMinMs, retryMaxMs, probeMs, random } = this.#options;
    const full = kind === 'hold' ? probeMs : Math.min(retryMaxMs, retryMinMs * 2 ** Math.min(attempt - 1, 30));
    return full / 2 + (full / 2) * random();
  }
}
