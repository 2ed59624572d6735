import { SluiceError } from '../domain/errors.ts';
import type { Lookup } from '../domain/pipeline.ts';
import type { ReferenceSource } from './reference-source.ts';

/** What a table's file becomes. */
export interface Snapshot<Value> {
  readonly size: number;
  get(key: string): Value | undefined;
}

/** How often a lookup found something, found nothing, or could not be refreshed. */
export interface LookupCounts {
  hits: number;
  misses: number;
  refreshFailures: number;
}

/** A lookup that is kept whole in memory: loaded once, then replaced as a whole by each refresh that succeeds. */
export class Table<Value> implements Lookup<Value> {
  readonly name: string;
  readonly counts: LookupCounts = { hits: 0, misses: 0, refreshFailures: 0 };
  readonly #file: string;
  readonly #source: ReferenceSource;
  readonly #parse: (text: string) => Snapshot<Value>;
  #snapshot: Snapshot<Value> | null = null;
  #tag: string | null = null;

  constructor(name: string, file: string, source: ReferenceSource, parse: (text: string) => Snapshot<Value>) {
    this.name = name;
    this.#file = file;
    this.#source = source;
    this.#parse = parse;
  }

  /** Entries of the current snapshot; 0 before the first load. */
  get size(): number { return this.#snapshot?.size ?? 0; }

  get(key: string): Value | undefined {
    const value = this.#snapshot?.get(key);
    if (value === undefined) this.counts.misses += 1;
    else this.counts.hits += 1;
    return value;
  }

  /** Reads the file and takes it over where it changed; rejects with SluiceError `LOOKUP_*` and keeps what it had. */
  async refresh(): Promise<'changed' | 'unchanged'> {
    const reading = await this.#source.read(this.#file, this.#tag);
    if (!reading.changed) return 'unchanged';
    this.#snapshot = this.#parsed(reading.text);
    this.#tag = reading.tag;
    return 'changed';
  }

  #parsed(text: string): Snapshot<Value> {
    try {
      return this.#parse(text);
    } catch (error) {
      throw new SluiceError('LOOKUP_FAILED', `${this.#file} cannot be used`, { cause: error });
    }
  }
}
