import { randomUUID } from 'node:crypto';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { systemClock } from '../../src/adapters/system-clock.ts';
import { configSchema } from '../../src/config/schema.ts';
import { lanesBetween } from '../../src/domain/lane.ts';
import { regionalTopicOf, sourceTopicOf } from '../../src/domain/pipeline.ts';
import { createProcessor } from '../../src/indexing/processor.ts';
import { createIngest } from '../../src/ingest/ingest.ts';
import { readReferenceIds } from '../../src/inputs/generate/reference.ts';
import { loadLookups, OWN_REFERENCE } from '../../src/lookups/lookups.ts';
import { pipelines } from '../../pipelines/index.ts';
import { MemoryLog } from '../support/memory-log.ts';
import { freeRate } from '../support/rate.ts';
import { MemorySearch } from '../support/memory-search.ts';
import { fuzzedRecords, WILD_TIMESTAMPS, type FuzzedRecord } from './fuzz-records.ts';
import { PIPELINES } from './history.ts';
import { sketchOf } from './model.ts';
import { uncovered } from './oracle.ts';

const REGIONS = ['west', 'east'];
const RECORDS = 5_000;
const PARTITIONS = 3;
const PREFIX = 'f.';
const MAX_HEAP_GROWTH = 400 * 1024 * 1024;
const SILENT = pino({ level: 'silent' });
const DOCUMENT_TOPICS = PIPELINES.map((pipeline) => regionalTopicOf(PREFIX, pipeline));
const REGIONAL_TOPICS = [...DOCUMENT_TOPICS, regionalTopicOf(PREFIX, 'failures')];
const SOURCE_TOPICS = PIPELINES.map((pipeline) => sourceTopicOf(PREFIX, pipeline));

function logWith(topics: readonly string[]): MemoryLog {
  const log = new MemoryLog({ maxRecordBytes: 16 * 1024 * 1024 });
  for (const topic of topics) log.createTopic(topic, PARTITIONS);
  return log;
}

/** Like strict mappings of the fuzzed index: unknown fields and wrong types are refused. */
function rejectLikeStrict(document: Readonly<Record<string, unknown>>) {
  return 'quantity' in document && typeof document['quantity'] !== 'number' ? { type: 'document_parsing_exception', reason: 'quantity' } : null;
}

class Installation {
  readonly source = logWith(SOURCE_TOPICS);
  readonly logs = new Map(REGIONS.map((region) => [region, logWith(REGIONAL_TOPICS)]));
  readonly searches = new Map(REGIONS.map((region) => [region, new MemorySearch({ reject: rejectLikeStrict })]));
  readonly #drain = new AbortController();
  #running: Promise<void>[] = [];

  async start(): Promise<void> {
    const known = pipelines.filter(({ name }) => (PIPELINES as readonly string[]).includes(name));
    const config = configSchema.shape;
    const common = { clock: systemClock, log: SILENT, pipelines: known, prefix: PREFIX, host: 'fuzz' };
    const { lookups } = await loadLookups({ settings: config.reference.parse({}), clock: systemClock, log: SILENT, registry: new Registry() });
    const ingest = createIngest({ ...common, registry: new Registry(), source: this.source, regions: this.logs, lookups, sourceCluster: 'source', settings: config.ingest.parse({ lingerMs: 0, commitIntervalMs: 20 }) });
    const settings = config.processor.parse({ batchAgeMs: 2, commitIntervalMs: 20, retryMinMs: 1, retryMaxMs: 5, probeMs: 5 });
    const lanes = lanesBetween(REGIONS).map((lane) => createProcessor({
      ...common, lane, registry: new Registry(), source: this.logs.get(lane.source) as MemoryLog, destination: this.searches.get(lane.destination) as MemorySearch,
      indices: { ensure: async () => {}, forget: () => {} }, settings, rate: freeRate(settings),
      origin: { role: lane.role, code: 'fuzz', host_group: 'fuzz' }, hostGroup: 'fuzz', random: () => 0.5, newId: randomUUID,
    }));
    this.#running = [ingest.run(this.#drain.signal), ...lanes.map((lane) => lane.run(this.#drain.signal))];
  }

  async feed(records: readonly FuzzedRecord[]): Promise<void> {
    for (const [to, log] of [['source', this.source] as const, ...this.logs]) {
      const producer = log.producer({ compression: 'none', deliveryTimeoutMs: 5_000 });
      await producer.send(records.filter((record) => record.to === to).map(({ record }) => record));
      await producer.close();
    }
  }

  async lag(): Promise<number> {
    const groups = [
      ...REGIONS.map((region) => [this.source, `${PREFIX}sluice.ingest.${region}`, SOURCE_TOPICS] as const),
      ...lanesBetween(REGIONS).map(({ source, name }) => [this.logs.get(source) as MemoryLog, `${PREFIX}sluice.${name}`, REGIONAL_TOPICS] as const),
    ];
    const lags = await Promise.all(groups.map(async ([log, group, topics]) => {
      const [ranges, committed] = [await log.admin().ranges(topics), await log.admin().committed(group, topics)];
      return ranges.reduce((sum, { topic, partition, latest }) => sum + latest - (committed.find((position) => position.topic === topic && position.partition === partition)?.offset ?? 0), 0);
    }));
    return lags.reduce((sum, lag) => sum + lag, 0);
  }

  /** Rejects with what broke, if anything did. */
  async stop(): Promise<void> {
    this.#drain.abort();
    await Promise.all(this.#running);
  }

  /** Rejects as soon as a part has broken. */
  get broken(): Promise<never> {
    return Promise.race(this.#running.map(async (part) => { await part; throw new Error('a part ended before it was asked to'); }));
  }

  documents(region: string, base: string): { id: string; version: number; source: Record<string, unknown> }[] {
    const indices = [...(this.searches.get(region) as MemorySearch).indices].filter(([name]) => name.startsWith(`${PREFIX}${base}-`));
    return indices.flatMap(([, index]) => [...index.documents].flatMap(([id, stored]) => (stored.source === null ? [] : [{ id, version: stored.version, source: { ...stored.source } }])));
  }
}

async function untilDone(installation: Installation): Promise<void> {
  for (;;) {
    if ((await Promise.race([installation.lag(), installation.broken])) === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

test(`${RECORDS} mutated records: each is accounted for, nothing dies, no neighbour is harmed, memory stays bounded`, async () => {
  const records = [...fuzzedRecords(await readReferenceIds(OWN_REFERENCE), { seed: 11, count: RECORDS, regions: REGIONS, prefix: PREFIX, timestamps: WILD_TIMESTAMPS })];
  const installation = new Installation();
  const before = process.memoryUsage().heapUsed;
  await installation.start();
  await installation.feed(records);
  await untilDone(installation);
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(MAX_HEAP_GROWTH);
  await installation.stop();

  const fromSource = records.filter(({ to }) => to === 'source').length;
  for (const region of REGIONS) {
    const log = installation.logs.get(region) as MemoryLog;
    const made = REGIONAL_TOPICS.flatMap((topic) => log.records(topic)).filter((record) => !record.headers.has('chaos'));
    expect(made.length, 'every source record gave each region one document or one failure').toBe(fromSource);
  }
  for (const { source, destination, name } of lanesBetween(REGIONS)) {
    const log = installation.logs.get(source) as MemoryLog;
    const ledger = installation.documents(destination, 'sluice-batches').map((document) => document.source).filter((batch) => batch['lane'] === name) as unknown as Batch[];
    const counted = ledger.reduce((sum, { counts }) => sum + counts.applied + counts.superseded + counts.rejected + counts.refused, 0);
    expect(counted, `${name} booked an outcome for each record`).toBe(REGIONAL_TOPICS.reduce((sum, topic) => sum + log.records(topic).length, 0));
    const ranges = ledger.flatMap(({ detail }) => detail.flatMap((batch) => batch.ranges));
    for (const { topic, partition, latest } of await log.admin().ranges(REGIONAL_TOPICS)) {
      expect(uncovered(0, latest, ranges.filter((range) => range.topic === topic && range.partition === partition))).toEqual([]);
    }
    const failed = installation.documents(destination, 'sluice-failures').filter((failure) => failure.source['lane'] === name).length;
    expect(failed, `${name} kept each record that it could not index`).toBe(ledger.reduce((sum, { counts }) => sum + counts.rejected + counts.refused, 0));
  }
  for (const region of REGIONS) {
    const found = new Map(installation.documents(region, 'sold-items').map(({ id, version, source: { origin: _, ...source } }) => [id, sketchOf(version, source)]));
    const neighbours = records.flatMap(({ neighbour }) => (neighbour === null ? [] : [neighbour]));
    expect(neighbours.length).toBeGreaterThan(RECORDS / 20);
    for (const { key, sketch } of neighbours) expect(found.get(key.split('/')[1] ?? ''), `${region} holds ${key}`).toEqual(sketch);
  }
}, 120_000);

interface Batch {
  readonly counts: { readonly applied: number; readonly superseded: number; readonly rejected: number; readonly refused: number };
  readonly detail: readonly { readonly ranges: readonly { readonly topic: string; readonly partition: number; readonly first: number; readonly last: number }[] }[];
}
