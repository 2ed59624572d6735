import { pino } from 'pino';
import { Registry } from 'prom-client';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { connectKafka } from '../../src/adapters/kafka/connect.ts';
import { systemClock } from '../../src/adapters/system-clock.ts';
import { configSchema } from '../../src/config/schema.ts';
import { decodeEnvelope, ENVELOPE_HEADER } from '../../src/domain/envelope.ts';
import { createIngest, type Ingest } from '../../src/ingest/ingest.ts';
import type { RegionStatus } from '../../src/ingest/status.ts';
import type { RecordLog } from '../../src/ports/record-log.ts';
import { startStack, type Stack } from '../../src/stack/stack.ts';
import { lookups, numbered, things, type TestEvent } from '../support/ingest-harness.ts';
import { uniquePrefix, waitFor } from '../support/stack.ts';

const PARTITIONS = 3;
const PATIENCE = { timeoutMs: 120_000 };

/** Two Kafka clusters of its own, because it stops one of them. West is the source as well, as where a region sends its own events. */
describe('ingest into two real Kafka clusters', () => {
  let stack: Stack;
  let prefix: string;
  let logs: { west: RecordLog; east: RecordLog };
  const ended: (() => Promise<void>)[] = [];

  beforeAll(async () => {
    stack = await startStack({ only: ['kafka-west', 'kafka-east'] });
  });
  afterAll(() => stack.down());
  beforeEach(async () => {
    prefix = uniquePrefix();
    logs = { west: connect('kafka-west'), east: connect('kafka-east') };
    for (const log of Object.values(logs)) {
      const admin = log.admin();
      await admin.ensureTopics([`${prefix}events.things`, `${prefix}documents.things`, `${prefix}documents.failures`].map((name) => ({ name, partitions: PARTITIONS, replicas: 1 })));
      await admin.close();
    }
  });
  afterEach(async () => { for (const end of ended.splice(0)) await end(); });

  function connect(server: string): RecordLog {
    const broker = stack.servers.find(({ name }) => name === server)?.url ?? '';
    return connectKafka({ client: 'platformatic', brokers: [broker], clientId: 'ingest-test', requestTimeoutMs: 30_000, connectTimeoutMs: 10_000 }, { onWarning: () => {} });
  }

  function start(settings: Record<string, unknown> = {}): Ingest {
    const ingest = createIngest({
      source: logs.west, regions: new Map(Object.entries(logs)), pipelines: [things], lookups, clock: systemClock, registry: new Registry(), log: pino({ level: process.env['INGEST_LOG'] ?? 'silent' }),
      settings: configSchema.shape.ingest.parse({ retryMs: 200, commitIntervalMs: 100, deliveryTimeoutMs: 5_000, ...settings }),
      host: 'test', prefix, sourceCluster: 'source',
    });
    const running = ingest.run(new AbortController().signal);
    ended.push(async () => { await ingest.close(); await running; });
    return ingest;
  }

  async function emit(events: readonly TestEvent[]): Promise<void> {
    const producer = logs.west.producer({ compression: 'lz4', deliveryTimeoutMs: 30_000 });
    for (let from = 0; from < events.length; from += 1_000) {
      await producer.send(events.slice(from, from + 1_000).map((event) => ({ topic: `${prefix}events.things`, key: Buffer.from(event.id), value: Buffer.from(JSON.stringify(event)) })));
    }
    await producer.close();
  }

  const regionOf = (ingest: Ingest, name: string): RegionStatus => ingest.status().regions.find(({ region }) => region === name)!;

  async function committed(region: string): Promise<number> {
    const admin = logs.west.admin();
    const positions = await admin.committed(`${prefix}sluice.ingest.${region}`, [`${prefix}events.things`]);
    await admin.close();
    return positions.reduce((sum, { offset }) => sum + offset, 0);
  }

  /** Every record of a regional topic: its id → its value. */
  async function documentsIn(log: RecordLog): Promise<{ documents: Map<string, string>; records: number }> {
    const topic = `${prefix}documents.things`;
    const admin = log.admin();
    const ranges = await admin.ranges([topic]);
    await admin.close();
    const reader = log.reader();
    const left = new Map(ranges.filter(({ latest }) => latest > 0).map(({ partition, latest }) => [partition, latest]));
    for (const partition of left.keys()) reader.seek({ topic, partition, offset: 0 });
    const documents = new Map<string, string>();
    let records = 0;
    while (left.size > 0) {
      for (const block of await reader.poll({ maxBytes: 4_000_000, maxWaitMs: 500 })) {
        for (let index = 0; index < block.count; index++) documents.set(decodeEnvelope(block.header(index, ENVELOPE_HEADER)!)!.id, block.value(index)!.toString());
        records += block.count;
        if (block.nextOffset >= (left.get(block.partition) ?? 0)) left.delete(block.partition);
      }
    }
    await reader.close();
    return { documents, records };
  }

  const settled = (region: string, count: number) => waitFor(async () => await committed(region) === count, { ...PATIENCE, what: `${region} to have ${count} events` });

  it('writes the same documents to both, once each, and commits a position for each region', async () => {
    start({ deliveryTimeoutMs: 60_000 });
    await emit(numbered(10_000));
    await settled('west', 10_000);
    await settled('east', 10_000);
    const [west, east] = [await documentsIn(logs.west), await documentsIn(logs.east)];
    expect([west.records, east.records]).toEqual([10_000, 10_000]);
    expect(east.documents).toEqual(west.documents);
  });

  it('goes on in one region while the other is stopped, which catches up by itself when it is back', async () => {
    const ingest = start();
    await emit(numbered(1_000));
    await settled('east', 1_000);
    await stack.stop('kafka-east');
    await emit(numbered(20_000, 'during'));
    await settled('west', 21_000);
    await waitFor(() => regionOf(ingest, 'east').state === 'cut', { ...PATIENCE, what: 'east to be cut loose' });
    expect(await committed('east')).toBeLessThan(21_000);
    expect(regionOf(ingest, 'east').lagRecords).toBeGreaterThan(0);
    await stack.start('kafka-east');
    await settled('east', 21_000);
    await waitFor(() => regionOf(ingest, 'east').state === 'joined', { ...PATIENCE, what: 'east to join again' });
    const [west, east] = [await documentsIn(logs.west), await documentsIn(logs.east)];
    expect(west.documents.size).toBe(21_000);
    expect(east.documents).toEqual(west.documents);
  });

  it('reads a source topic that is deleted and made anew under it from its first record on', async () => {
    start();
    await emit(numbered(3_000));
    for (const region of ['west', 'east']) await settled(region, 3_000);
    const [admin, topic] = [logs.west.admin(), `${prefix}events.things`];
    await admin.deleteTopics([topic]);
    await waitFor(async () => (await admin.ensureTopics([{ name: topic, partitions: PARTITIONS, replicas: 1 }])).length === 1, { ...PATIENCE, what: 'the topic to be there again' });
    await admin.close();
    await emit(numbered(600, 'anew'));
    for (const log of Object.values(logs)) {
      await waitFor(async () => [...(await documentsIn(log)).documents.keys()].filter((id) => id.startsWith('anew')).length === 600, { ...PATIENCE, what: 'every document of the new topic' });
    }
  });

  it('is not held up by one that hangs without an answer, and a restart meanwhile resumes each region where it was', async () => {
    const first = start();
    await emit(numbered(1_000));
    await settled('east', 1_000);
    await stack.kill('kafka-east', 'SIGSTOP');
    try {
      await emit(numbered(5_000, 'during'));
      await settled('west', 6_000);
      await first.close();
      start();
      await emit(numbered(5_000, 'restarted'));
      await settled('west', 11_000);
    } finally {
      await stack.kill('kafka-east', 'SIGCONT');
    }
    await settled('east', 11_000);
    const [west, east] = [await documentsIn(logs.west), await documentsIn(logs.east)];
    expect(west.documents.size).toBe(11_000);
    expect(east.documents).toEqual(west.documents);
  });
});
