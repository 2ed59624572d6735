import { SluiceError } from '../domain/errors.ts';
import { parseExactly } from '../domain/exact-json.ts';
import type { Clock } from '../ports/clock.ts';
import type { Json, SearchReader } from '../ports/search-index.ts';

/** A cluster that is too busy, or away, is asked so often. */
const MAX_TRIES = 5;
const FIRST_PAUSE_MS = 500;

/** What was asked of the clusters so far. */
export interface Asked {
  readonly queries: number;
  /** Answers, as they crossed the network. */
  readonly bytes: number;
}

/** Asks one region, counts, and asks again where the cluster could not answer. */
export class Asking {
  readonly #search: SearchReader;
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  readonly #signal: AbortSignal;
  #queries = 0;
  #bytes = 0;

  constructor(search: SearchReader, clock: Clock, timeoutMs: number, signal: AbortSignal) {
    this.#search = search;
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
    this.#signal = signal;
  }

  get asked(): Asked { return { queries: this.#queries, bytes: this.#bytes }; }

  /** The answer with every number as it is written; rejects with SluiceError `ELASTICSEARCH_*`. */
  async ask(path: string, question: Json): Promise<Json> {
    return parseExactly(await this.#text(path, question)) as Json;
  }

  /** The answer with numbers as JavaScript has them: fingerprints, versions and counts all fit. */
  async askNumbers(path: string, question: Json): Promise<Json> {
    return JSON.parse(await this.#text(path, question)) as Json;
  }

  async #text(path: string, question: Json): Promise<string> {
    for (let attempt = 1; ; attempt += 1) {
      this.#queries += 1;
      try {
        const { text, wireBytes } = await this.#search.read(path, question, { timeoutMs: this.#timeoutMs, signal: this.#signal });
        this.#bytes += wireBytes;
        return text.toString('utf8');
      } catch (error) {
        this.#signal.throwIfAborted();
        if (!(error instanceof SluiceError) || error.code !== 'ELASTICSEARCH_UNAVAILABLE' || attempt === MAX_TRIES) throw error;
        await this.#clock.sleep(FIRST_PAUSE_MS * 2 ** (attempt - 1), this.#signal);
      }
    }
  }
}
