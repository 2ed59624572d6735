import type { Document } from './document.ts';
import type { Period } from './index-name.ts';

/** Reads a lookup by key: the value, undefined where there is none. A promise only where the value has to be fetched. */
export interface Lookup<Value> {
  get(key: string): Value | undefined | Promise<Value | undefined>;
}

/** The lookups that enrichers may ask for, by name; declared in `src/lookups/`. */
export interface Lookups {
  readonly categories: Lookup<Category>;
  readonly sellers: Lookup<Seller>;
  /** Key: `currency@yyyy-mm-dd`; value: how many US dollars one unit was worth on that day (the latest rate known up to it). */
  readonly rates: Lookup<number>;
}

export interface Category {
  readonly id: string;
  /** From the root to the category itself. */
  readonly path: readonly string[];
}

export interface Seller {
  readonly id: string;
  readonly name: string;
  readonly country: string;
  readonly since: string;
  /** Share of positive feedback, 0…100. */
  readonly feedback: number;
}

/**
 * Adds facts to a document from lookups. Pure but for the lookups; throws (or rejects) when it cannot, which costs that
 * one record. Returns fields to add to the body; must not change the event.
 */
export interface Enricher<Event> {
  readonly name: string;
  enrich(event: Event, lookups: Lookups): Fields | Promise<Fields>;
}
export type Fields = Readonly<Record<string, unknown>>;

/** Why an event is not a document, on purpose: it is counted and settled, not a failure. */
export interface Skipped {
  readonly skip: string;
}

export type Decoded<Event> =
  | { readonly ok: true; readonly event: Event }
  /** `problem`: one sentence with the path of what is wrong. */
  | { readonly ok: false; readonly problem: string };

/** What a pipeline is: everything that differs from one kind of event to another. Lives in `pipelines/<name>/pipeline.ts`. */
export interface Pipeline<Event> {
  /** Lower case, digits, dashes; also the base name of its indices and the alias for search. */
  readonly name: string;
  /** Number of the document's schema, written into each record's envelope, 0…65535. A lane refuses records of a later one. */
  readonly schema: number;
  /** The data revision (0…1023) that is added to each version, or 'off' to use the source version as it is. */
  readonly epoch: number | 'off';
  readonly index: {
    readonly period: Period;
    /** Folder under `mappings/`. */
    readonly mapping: string;
    /** Field of the body that holds the routing time (as ISO text), in tombstones, too: by it an audit sees that a document lies in the wrong index. */
    readonly routedBy?: string;
  };
  /** Parses and validates the payload bytes. Never throws. */
  decode(payload: Buffer): Decoded<Event>;
  /** What `decode` does once the payload is parsed; with it, a backfill turns no row into text only to parse it again. Never throws. */
  readonly read?: (object: Readonly<Record<string, unknown>>) => Decoded<Event>;
  /** In order; a later one sees only the event, not what the earlier ones added. */
  readonly enrichers: readonly Enricher<Event>[];
  /** Makes the document; `facts` are the merged fields of the enrichers. Throws when a document cannot be made. */
  toDocument(event: Event, facts: Fields): Document | Skipped;
}

/** A pipeline seen from outside: its event type is its own affair. */
export type AnyPipeline = Pipeline<unknown>;

/** Declares a pipeline with its event type checked, and hides that type from the machinery. */
export function definePipeline<Event>(pipeline: Pipeline<Event>): AnyPipeline {
  return pipeline;
}

/** Topic names of a pipeline; `prefix` keeps installations apart (tests, staging). */
export function sourceTopicOf(prefix: string, pipeline: string): string {
  return `${prefix}events.${pipeline}`;
}
export function regionalTopicOf(prefix: string, pipeline: string): string {
  return `${prefix}documents.${pipeline}`;
}
