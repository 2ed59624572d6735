import { randomUUID } from 'node:crypto';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { systemClock } from '../../src/adapters/system-clock.ts';
import { configSchema, type ProcessorConfig } from '../../src/config/schema.ts';
import { encodeEnvelope, ENVELOPE_HEADER, type Envelope } from '../../src/domain/envelope.ts';
import { laneOf } from '../../src/domain/lane.ts';
import { definePipeline, regionalTopicOf, type AnyPipeline } from '../../src/domain/pipeline.ts';
import { createProcessor, type Processor } from '../../src/indexing/processor.ts';
import type { Clock } from '../../src/ports/clock.ts';
import type { OutgoingRecord, RecordLog } from '../../src/ports/record-log.ts';
import type { BulkSink } from '../../src/ports/search-index.ts';
import type { RateControl } from '../../src/rate/rate-control.ts';
import { MemoryLog } from './memory-log.ts';
import { freeRate } from './rate.ts';

/** November 2026, so `things-2026.11`. */
export const ROUTING_TIME = Date.UTC(2026, 10, 22);
export const THINGS: AnyPipeline = definePipeline<unknown>({
  name: 'things', schema: 1, epoch: 0, index: { period: 'month', mapping: 'things' },
  decode: () => ({ ok: false, problem: 'not used' }), enrichers: [], toDocument: () => ({ skip: 'not used' }),
});
export const THINGS_TOPIC = regionalTopicOf('', 'things');
export const THINGS_INDEX = 'things-2026.11';

const defaults = configSchema.shape.processor.parse({});
/** Fast enough for tests that await conditions. */
export const FAST: ProcessorConfig = { ...defaults, batchAgeMs: 2, commitIntervalMs: 10, retryMinMs: 1, retryMaxMs: 5, probeMs: 5, batchBytes: 64 * 1024, batchOperations: 100, drainTimeoutMs: 2_000 };

/** A record as ingest writes it. */
export function record(id: string, version: number, body: string | Buffer = `{"title":"${id} v${version}","deleted":false}`, envelope: Partial<Envelope> = {}): OutgoingRecord {
  const full: Envelope = { operation: 'index', schema: 1, version, routingTime: ROUTING_TIME, sourceTime: Date.now(), ingestTime: Date.now(), pipeline: 'things', id, ...envelope };
  return { topic: THINGS_TOPIC, key: Buffer.from(id), value: Buffer.from(body), headers: new Map([[ENVELOPE_HEADER, encodeEnvelope(full)]]) };
}

export async function produce(log: RecordLog, records: readonly OutgoingRecord[]): Promise<void> {
  const producer = log.producer({ compression: 'none', deliveryTimeoutMs: 5_000 });
  await producer.send(records);
  await producer.close();
}

export function thingsLog(partitions = 2): MemoryLog {
  const log = new MemoryLog();
  for (const topic of [THINGS_TOPIC, regionalTopicOf('', 'failures')]) log.createTopic(topic, partitions);
  return log;
}

export interface RunningLane {
  readonly processor: Processor;
  readonly registry: Registry;
  /** Drains and resolves when the lane has ended. */
  stop(): Promise<void>;
}

/** A real processor of lane west → `destination` over the given log and search engine, with every index there. */
export function startLane(source: RecordLog, destination: BulkSink, options: { settings?: Partial<ProcessorConfig>; rate?: RateControl; to?: string; host?: string; clock?: Clock; ensure?: (indices: readonly string[]) => Promise<unknown> } = {}): RunningLane {
  const lane = laneOf('west', options.to ?? 'west');
  const drain = new AbortController();
  const registry = new Registry();
  const settings = { ...FAST, ...options.settings };
  const processor = createProcessor({
    lane, source, destination, pipelines: [THINGS], prefix: '', host: options.host ?? 'host-1', hostGroup: 'default',
    indices: { ensure: options.ensure ?? (async () => {}), forget: () => {} },
    settings, rate: options.rate ?? freeRate(settings),
    origin: { role: lane.role, code: 'test', host_group: 'default' },
    clock: options.clock ?? systemClock, random: () => 0.5, newId: randomUUID, log: pino({ level: 'silent' }), registry,
  });
  const running = processor.run(drain.signal);
  running.catch(() => {}); // awaited in stop(), where it rejects again
  return { processor, registry, stop: async () => { drain.abort(); await running; } };
}
