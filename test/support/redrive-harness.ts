import { randomUUID } from 'node:crypto';
import { pino } from 'pino';
import { systemClock } from '../../src/adapters/system-clock.ts';
import { configSchema } from '../../src/config/schema.ts';
import { failureDocument, type FailureFacts } from '../../src/domain/failure.ts';
import type { Clock } from '../../src/ports/clock.ts';
import type { Json } from '../../src/ports/search-index.ts';
import type { RedriveParts } from '../../src/redrive/parts.ts';
import type { RedriveRequest } from '../../src/redrive/redrive.ts';
import { createIndexKeeper } from '../../src/setup/ensure-indices.ts';
import { FREE_SHARES } from './free-share.ts';
import { lookups, memoryClusters, things } from './ingest-harness.ts';
import { FAST } from './lane.ts';
import type { MemoryLog } from './memory-log.ts';
import { MemorySearch } from './memory-search.ts';

export const PREFIX = 't.';
export const INDEX = 't.things-2026.11';
export const FAILURE_INDEX = 't.sluice-failures-2026.11';
export const FAILED_AT = Date.UTC(2026, 10, 22, 10);
export const MAPPING = { dynamic: 'strict', properties: { title: { type: 'keyword' }, price: { type: 'double' }, fingerprint: { type: 'long' }, deleted: { type: 'boolean' }, origin: { properties: { role: { type: 'keyword' }, code: { type: 'keyword' }, host_group: { type: 'keyword' }, tombstone_at: { type: 'date' } } } } };

export interface RedriveHarness {
  readonly parts: RedriveParts;
  readonly west: MemorySearch;
  readonly east: MemorySearch;
  readonly logs: ReadonlyMap<string, MemoryLog>;
  readonly source: MemoryLog;
}

/** Two regions in memory with an index of things in each, and everything that redrive needs. */
export async function redriveHarness(clock: Clock = systemClock): Promise<RedriveHarness> {
  const clusters = memoryClusters();
  const [west, east] = [new MemorySearch(), new MemorySearch()];
  for (const search of [west, east]) {
    await search.call('PUT', `/${INDEX}`, { mappings: MAPPING, aliases: { 't.things': {} } });
    await search.call('PUT', `/${FAILURE_INDEX}`, { aliases: { 't.sluice-failures': {} } });
  }
  const searches = { west, east };
  const ingest = configSchema.shape.ingest.parse({});
  const parts: RedriveParts = {
    prefix: PREFIX,
    regions: new Map((['west', 'east'] as const).map((name) => [name, { search: searches[name], log: clusters.regions.get(name) as MemoryLog, indices: createIndexKeeper(searches[name]) }])),
    source: clusters.source, rows: null, pipelines: [things], settings: { processor: FAST, ingest: { ...ingest, deliveryTimeoutMs: 500 } },
    lookups: async () => lookups, origin: { role: 'redrive', code: 'test', host_group: 'default' }, host: 'operator-1', share: FREE_SHARES,
    clock, random: () => 0.5, newId: randomUUID, log: pino({ level: 'silent' }),
  };
  return { parts, west, east, logs: clusters.regions, source: clusters.source };
}

/** Puts a failure document where a lane would have put it; returns its id. */
export async function fail(search: MemorySearch, facts: Partial<FailureFacts> & { readonly offset?: number } = {}): Promise<string> {
  const { offset = 0, ...given } = facts;
  const lane = given.lane === undefined ? 'west-west' : given.lane;
  const { id, body } = failureDocument({
    stage: 'index', error: { type: 'document_parsing_exception', reason: 'failed to parse field [price] of type [double]' }, payload: Buffer.from('{"title":"lamp","price":"cheap","deleted":false}'),
    pipeline: 'things', source: { cluster: (lane ?? 'source').split('-')[0] ?? '', topic: 't.documents.things', partition: 0, offset, timestamp: FAILED_AT }, lane, batch: 'batch-1',
    documentId: 'lamp-1', version: 1024 * 5 + 3, index: INDEX, attempts: 1, host: 'host-1', origin: null, time: FAILED_AT, ...given,
  });
  const line = `${JSON.stringify({ index: { _index: FAILURE_INDEX, _id: id, version: given.time ?? FAILED_AT, version_type: 'external_gte' } })}\n${JSON.stringify(body)}\n`;
  await search.bulk({ body: Buffer.from(line), detail: 'terse', timeoutMs: 1_000 });
  return id;
}

/** A failure of ingest, as both regions hold it; returns its id. */
export async function failAtIngest({ west, east }: RedriveHarness, payload: string, offset = 0): Promise<string> {
  const facts: Partial<FailureFacts> & { offset: number } = {
    stage: 'decode', error: { type: 'decode_error', reason: 'the payload is no JSON' }, payload: Buffer.from(payload), lane: null, batch: null, documentId: null, version: null, index: null, offset,
    source: { cluster: 'source', topic: 't.events.things', partition: 0, offset, timestamp: FAILED_AT },
  };
  await fail(west, facts);
  return await fail(east, facts);
}

export function request(changes: Partial<RedriveRequest> = {}): RedriveRequest {
  return { filter: {}, regions: ['west', 'east'], transform: null, raiseEpoch: false, rate: null, limit: 1_000, patienceMs: 500, by: 'olga', ...changes };
}

export function failureIn(search: MemorySearch, id: string): Json {
  const stored = search.document(FAILURE_INDEX, id);
  if (stored?.source == null) throw new Error(`there is no failure ${id}`);
  return stored.source;
}
