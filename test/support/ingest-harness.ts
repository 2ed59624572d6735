import { pino } from 'pino';
import { Registry } from 'prom-client';
import { systemClock } from '../../src/adapters/system-clock.ts';
import { configSchema } from '../../src/config/schema.ts';
import { decodeEnvelope, type Envelope, ENVELOPE_HEADER } from '../../src/domain/envelope.ts';
import { type AnyPipeline, type Category, definePipeline, type Lookups } from '../../src/domain/pipeline.ts';
import { createIngest, type Ingest } from '../../src/ingest/ingest.ts';
import type { Clock } from '../../src/ports/clock.ts';
import type { RecordLog } from '../../src/ports/record-log.ts';
import type { StoredRecord } from './memory-block.ts';
import { MemoryLog } from './memory-log.ts';

/** What the test pipeline carries: `do` makes it misbehave on purpose. */
export interface TestEvent {
  readonly id: string;
  readonly version: number;
  readonly do?: 'skip' | 'throw-enrich' | 'throw-document' | 'wait' | 'slow' | 'hang' | 'long-id';
  readonly text?: string;
}

/** A pipeline `things` over JSON payloads; its enricher asks the categories lookup for `wait`, `slow` and `hang`. */
export const things: AnyPipeline = definePipeline<TestEvent>({
  name: 'things', schema: 7, epoch: 3,
  index: { period: 'month', mapping: 'things' },
  decode(payload) {
    try {
      const event = JSON.parse(payload.toString()) as TestEvent;
      return typeof event.id === 'string' ? { ok: true, event } : { ok: false, problem: 'id: expected text' };
    } catch {
      return { ok: false, problem: 'the payload is no JSON' };
    }
  },
  enrichers: [{
    name: 'shout',
    enrich(event, lookups) {
      if (event.do === 'throw-enrich') throw new Error('no such thing');
      if (event.do !== 'wait' && event.do !== 'slow' && event.do !== 'hang') return { loud: event.id.toUpperCase() };
      return Promise.resolve(lookups.categories.get(event.do)).then((category) => ({ loud: category?.id ?? 'none' }));
    },
  }],
  toDocument(event, facts) {
    if (event.do === 'skip') return { skip: 'not wanted' };
    if (event.do === 'throw-document') throw new RangeError('cannot be made');
    const id = event.do === 'long-id' ? 'x'.repeat(513) : event.id;
    return { id, key: event.id, sourceVersion: event.version, routingTime: Date.UTC(2026, 10, 22), deleted: false, body: { id: event.id, version: event.version, text: event.text ?? '', ...facts } };
  },
});

/** Longer than most things take in memory. */
const SLOW_MS = 8;

function answerOf(key: string): Promise<Category> {
  const found = { id: 'found', path: ['found'] };
  if (key === 'hang') return new Promise(() => {});
  return key === 'slow' ? new Promise((resolve) => { setTimeout(() => resolve(found), SLOW_MS); }) : Promise.resolve(found);
}

export const lookups: Lookups = {
  categories: { get: (key) => answerOf(key) },
  sellers: { get: () => undefined },
  rates: { get: () => undefined },
};

export const SOURCE_TOPIC = 't.events.things';
export const REGIONAL_TOPIC = 't.documents.things';
export const FAILURES_TOPIC = 't.documents.failures';

/** A source and regions in memory, with their topics. */
export function memoryClusters({ partitions = 3, regions = ['west', 'east'], maxRecordBytes = 1024 * 1024 } = {}): { source: MemoryLog; regions: Map<string, MemoryLog> } {
  const source = new MemoryLog();
  source.createTopic(SOURCE_TOPIC, partitions);
  const logs = new Map(regions.map((name) => [name, new MemoryLog({ maxRecordBytes })]));
  for (const log of logs.values()) {
    log.createTopic(REGIONAL_TOPIC, partitions);
    log.createTopic(FAILURES_TOPIC, partitions);
  }
  return { source, regions: logs };
}

export interface StartedIngest {
  readonly ingest: Ingest;
  readonly registry: Registry;
  /** Settles when `run` does. */
  readonly running: Promise<void>;
}

/** Starts ingest over the test pipeline; fast back-off and commits. */
export function startIngest(clusters: { source: RecordLog; regions: ReadonlyMap<string, RecordLog> }, settings: Record<string, unknown> = {}, clock: Clock = systemClock): StartedIngest {
  const registry = new Registry();
  const ingest = createIngest({
    ...clusters, pipelines: [things], lookups, clock, registry,
    settings: configSchema.shape.ingest.parse({ lingerMs: 0, retryMs: 5, commitIntervalMs: 5, deliveryTimeoutMs: 200, drainTimeoutMs: 2_000, enrichTimeoutMs: 50, ...settings }),
    log: pino({ level: process.env.INGEST_LOG ?? 'silent' }), host: 'test-host', prefix: 't.', sourceCluster: 'source',
  });
  return { ingest, registry, running: ingest.run(new AbortController().signal) };
}

/** Appends events to the source, keyed by id. */
export async function emit(source: RecordLog, events: readonly (TestEvent | Buffer | null)[]): Promise<void> {
  const producer = source.producer({ compression: 'none', deliveryTimeoutMs: 5_000 });
  await producer.send(events.map((event) => ({
    topic: SOURCE_TOPIC,
    key: Buffer.from(event === null || Buffer.isBuffer(event) ? 'raw' : event.id),
    value: event === null || Buffer.isBuffer(event) ? event : Buffer.from(JSON.stringify(event)),
  })));
  await producer.close();
}

/** Events `prefix-0`, `prefix-1`, … with rising versions. */
export function numbered(count: number, prefix = 'thing', from = 0): TestEvent[] {
  return Array.from({ length: count }, (_, index) => ({ id: `${prefix}-${from + index}`, version: from + index }));
}

/** The envelope of a stored record; throws where it has none. */
export function envelopeOf(record: StoredRecord): Envelope {
  const envelope = decodeEnvelope(record.headers.get(ENVELOPE_HEADER) ?? Buffer.alloc(0));
  if (envelope === null) throw new Error('the record has no envelope');
  return envelope;
}

/** Ids of all documents that a region holds, each once, sorted. */
export function idsIn(log: MemoryLog, topic = REGIONAL_TOPIC): string[] {
  return [...new Set(log.records(topic).map((record) => envelopeOf(record).id))].toSorted();
}

export function jsonOf(record: StoredRecord): Record<string, unknown> {
  return JSON.parse((record.value ?? Buffer.from('null')).toString()) as Record<string, unknown>;
}
