import { SluiceError, messageOf } from '../../domain/errors.ts';
import type { Clock } from '../../ports/clock.ts';

/** An answer, or why there is none. */
export type Answered<Value> = { readonly value: Value; readonly problem: null } | { readonly value: null; readonly problem: string };

export interface QuestionOptions<Value> {
  readonly clock: Clock;
  /** Longest wait for an answer, ms. */
  readonly timeoutMs: number;
  /** An answer is believed for this long, ms; 0 asks every time. */
  readonly everyMs?: number;
  readonly ask: () => Promise<Value>;
}

/**
 * Something that is asked again and again. A cluster that hangs is asked once, not once a look: while a question is open,
 * nothing new is sent, and every look waits no longer than the time-out.
 */
export class Question<Value> {
  readonly #options: QuestionOptions<Value>;
  #open: Promise<Value> | null = null;
  #last: { readonly value: Value; readonly at: number } | null = null;

  constructor(options: QuestionOptions<Value>) {
    this.#options = options;
  }

  async ask(): Promise<Answered<Value>> {
    const { clock, everyMs = 0 } = this.#options;
    if (this.#last !== null && clock.monotonic() - this.#last.at < everyMs) return { value: this.#last.value, problem: null };
    try {
      const value = await this.#inTime();
      this.#last = { value, at: clock.monotonic() };
      return { value, problem: null };
    } catch (error) {
      if (!(error instanceof SluiceError)) throw error;
      return { value: null, problem: messageOf(error) };
    }
  }

  async #inTime(): Promise<Value> {
    const { clock, timeoutMs, ask } = this.#options;
    this.#open ??= ask().finally(() => { this.#open = null; });
    const asked = this.#open;
    const ended = new AbortController();
    const late = clock.sleep(timeoutMs, ended.signal).then(() => { throw new SluiceError('KAFKA_UNAVAILABLE', `no answer within ${timeoutMs} ms`); });
    late.catch(() => undefined); // told by the race, or of no interest any more
    asked.catch(() => undefined);
    try {
      return await Promise.race([asked, late]);
    } finally {
      ended.abort();
    }
  }
}
