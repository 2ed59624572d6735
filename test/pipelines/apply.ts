import { pino } from 'pino';
import { Registry } from 'prom-client';
import { systemClock } from '../../src/adapters/system-clock.ts';
import { configSchema } from '../../src/config/schema.ts';
import { indexNameOf } from '../../src/domain/index-name.ts';
import type { AnyPipeline, Fields, Lookups } from '../../src/domain/pipeline.ts';
import { versionOf } from '../../src/domain/version.ts';
import { loadLookups } from '../../src/lookups/lookups.ts';

/** A document as an index would hold it, origin aside. */
export interface Held {
  readonly index: string;
  readonly version: number;
  readonly source: Readonly<Record<string, unknown>>;
}

export type Outcome =
  | { readonly kind: 'document'; readonly id: string; readonly held: Held }
  | { readonly kind: 'failed'; readonly stage: 'decode' | 'enrich'; readonly problem: string };

/** The lookups over the reference data that comes with the project. */
export async function ownLookups(): Promise<Lookups> {
  const settings = configSchema.shape.reference.parse({});
  const { lookups } = await loadLookups({ settings, clock: systemClock, log: pino({ level: 'silent' }), registry: new Registry() });
  return lookups;
}

/** One payload through a pipeline. */
export async function outcomeOf(pipeline: AnyPipeline, payload: Buffer, lookups: Lookups): Promise<Outcome> {
  const decoded = pipeline.decode(payload);
  if (!decoded.ok) return { kind: 'failed', stage: 'decode', problem: decoded.problem };
  const facts: Record<string, unknown> = {};
  try {
    for (const enricher of pipeline.enrichers) Object.assign(facts, await enricher.enrich(decoded.event, lookups));
  } catch (error) {
    return { kind: 'failed', stage: 'enrich', problem: error instanceof Error ? error.message : String(error) };
  }
  return { kind: 'document', ...documentOf(pipeline, decoded.event, facts) };
}

/** The document as it would stand after JSON and the index. Throws where the pipeline skips the event. */
export function documentOf(pipeline: AnyPipeline, event: unknown, facts: Fields): { id: string; held: Held } {
  const document = pipeline.toDocument(event, facts);
  if ('skip' in document) throw new Error(`skipped: ${document.skip}`);
  const source = JSON.parse(JSON.stringify({ ...document.body, deleted: document.deleted })) as Record<string, unknown>;
  const version = pipeline.epoch === 'off' ? document.sourceVersion : versionOf(document.sourceVersion, pipeline.epoch);
  return { id: document.id, held: { index: indexNameOf(pipeline.name, pipeline.index.period, document.routingTime), version, source } };
}

/** Keeps the newest, as an index with external versions does; an equal version replaces. */
export function hold(index: Map<string, Held>, id: string, held: Held): void {
  const known = index.get(id);
  if (known === undefined || held.version >= known.version) index.set(id, held);
}
