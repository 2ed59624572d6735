import { LRUCache } from 'lru-cache';
import type { Lookup } from '../domain/pipeline.ts';
import type { LookupCounts } from './table.ts';

/** Stands in the cache for "there is none". */
const ABSENT = Symbol('absent');

export interface FetchedLookupOptions<Value> {
  readonly name: string;
  /** Fetches one value: undefined where there is none; rejects where that cannot be known. Bounded in time by itself. */
  readonly fetchByKey: (key: string) => Promise<Value | undefined>;
  /** Most keys that are remembered, found or not. */
  readonly entries: number;
  /** How long a value, or its absence, is believed, ms. */
  readonly ttlMs: number;
  /** Monotonic time, ms. */
  readonly now: () => number;
}

/**
 * A lookup that fetches values by key when they are asked for and remembers them, least recently used out first.
 * A remembered value comes at once, another as a promise; one key is fetched once however many ask. Failures are not remembered.
 */
export class FetchedLookup<Value extends NonNullable<unknown>> implements Lookup<Value> {
  readonly name: string;
  readonly counts: LookupCounts = { hits: 0, misses: 0, refreshFailures: 0 };
  readonly #fetchByKey: (key: string) => Promise<Value | undefined>;
  readonly #known: LRUCache<string, Value | typeof ABSENT>;
  readonly #pending = new Map<string, Promise<Value | undefined>>();

  constructor({ name, fetchByKey, entries, ttlMs, now }: FetchedLookupOptions<Value>) {
    this.name = name;
    this.#fetchByKey = fetchByKey;
    // The cache reads a start time of 0 as "lives for ever".
    this.#known = new LRUCache({ max: entries, ttl: ttlMs, ttlResolution: 0, perf: { now: () => now() + 1 } });
  }

  get size(): number { return this.#known.size; }

  get(key: string): Value | undefined | Promise<Value | undefined> {
    const known = this.#known.get(key);
    if (known === undefined) return this.#pending.get(key) ?? this.#fetch(key);
    return this.#counted(known === ABSENT ? undefined : known);
  }

  #fetch(key: string): Promise<Value | undefined> {
    const fetching = this.#fetchByKey(key).then(
      (value) => { this.#known.set(key, value ?? ABSENT); return this.#counted(value); },
      (error: unknown) => { this.counts.refreshFailures += 1; throw error; },
    ).finally(() => this.#pending.delete(key));
    this.#pending.set(key, fetching);
    return fetching;
  }

  #counted(value: Value | undefined): Value | undefined {
    if (value === undefined) this.counts.misses += 1;
    else this.counts.hits += 1;
    return value;
  }
}
