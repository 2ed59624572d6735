import { describe, expect, it } from 'vitest';
import { partitionsForKey } from './keys.ts';
import { beatOf, beatRecord, isBeat } from '../../src/heartbeat/beat.ts';
import { HeartbeatEmitter } from '../../src/heartbeat/emit.ts';
import { partitionOfKey } from '../../src/heartbeat/murmur2.ts';
import { SluiceError } from '../../src/domain/errors.ts';
import { emit, memoryClusters, REGIONAL_TOPIC, SOURCE_TOPIC, startIngest } from '../support/ingest-harness.ts';
import { startLane, thingsLog, THINGS_TOPIC } from '../support/lane.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { MemoryLog } from '../support/memory-log.ts';
import { MemorySearch } from '../support/memory-search.ts';
import type { Json } from '../../src/ports/search-index.ts';
import { until } from '../support/until.ts';

const beat = { emitter: 'host-a', partition: 1, slot: 178_000_000, emitted: 1_780_000_000_123 };

function beats(search: MemorySearch): Json[] {
  return [...search.indices].filter(([name]) => name.startsWith('sluice-heartbeats')).flatMap(([, index]) => [...index.documents.values()].map(({ source }) => source as Json));
}

describe('a heartbeat', () => {
  it.each(['{"sluice_heartbeat":1,"emitter":"a"}', '{"sluice_heartbeat":1,"emitter":"a","partition":0,"slot":0,"emitted":1780000000000123}', '{"sluice_heartbeat":1', '{"id":"sluice_heartbeat"}', '', 'sl'])('%s is none', (text) => {
    const payload = Buffer.from(text);
    expect(isBeat(payload) ? beatOf(payload) : null).toBeNull();
  });

  it('has a key that falls into its partition, in every client', () => {
    for (const [partitions, partition] of [[4, 3], [24, 17], [6, 0], [1, 0]] as const) {
      const key = beatRecord('events.things', { ...beat, partition }, partitions).key as Buffer;
      expect([partitionOfKey(key, partitions), ...partitionsForKey(key, partitions)]).toEqual([partition, partition, partition]);
    }
  });

  it('becomes a record among the documents, in both regions, and no failure; what only looks like one fails as any event', async () => {
    const clusters = memoryClusters();
    const { ingest } = startIngest(clusters);
    const producer = clusters.source.producer({ compression: 'none', deliveryTimeoutMs: 1_000 });
    await producer.send([beatRecord(SOURCE_TOPIC, { ...beat, partition: 0 }, 1), { topic: SOURCE_TOPIC, key: null, value: Buffer.from('{"sluice_heartbeat":2}') }, { topic: SOURCE_TOPIC, key: null, value: Buffer.from('{"sluice_heartbeat":1,"emitter":"a","partition":0,"slot":0,"emitted":9007199254740991}') }]);
    await emit(clusters.source, [{ id: 'a', version: 5 }]);
    for (const region of clusters.regions.values()) {
      await until(() => expect(region.records(REGIONAL_TOPIC)).toHaveLength(2));
      expect(region.records(REGIONAL_TOPIC).map(({ value }) => JSON.parse(String(value)) as Json)).toContainEqual(expect.objectContaining({ beat: `host-a/${SOURCE_TOPIC}/0/178000000`, pipeline: 'things', partition: 0, slot: 178_000_000, times: { emitted: beat.emitted, ingested: expect.any(Number) as number } }));
    }
    await ingest.close();
  });

  it('goes through a lane as data does, and ends in its own index with every time of its way', async () => {
    const clusters = memoryClusters();
    const { ingest } = startIngest(clusters);
    const producer = clusters.source.producer({ compression: 'none', deliveryTimeoutMs: 1_000 });
    await producer.send([beatRecord(SOURCE_TOPIC, { ...beat, partition: 0 }, 1)]);
    const west = clusters.regions.get('west') as MemoryLog;
    await until(() => expect(west.records(REGIONAL_TOPIC)).toHaveLength(1));
    await ingest.close();
    const [log, search] = [thingsLog(1), new MemorySearch()];
    const found = west.records(REGIONAL_TOPIC)[0] as NonNullable<ReturnType<MemoryLog['records']>[0]>;
    const again = log.producer({ compression: 'none', deliveryTimeoutMs: 1_000 });
    await again.send([{ topic: THINGS_TOPIC, key: found.key, value: found.value, headers: found.headers }]);
    const lane = startLane(log, search);
    await until(() => expect(beats(search)).toMatchObject([{ latency_ms: expect.any(Number) as number }]));
    await lane.stop();
    const [seen] = beats(search) as [{ times: Record<string, number>; stages: Record<string, number> } & Json];
    expect(seen).toMatchObject({ lane: 'west-west', source: 'west', destination: 'west', host: 'host-1', deleted: false, record: { topic: THINGS_TOPIC, partition: 0, offset: 0 }, origin: { role: 'primary' } });
    expect(Object.keys(seen.times)).toEqual(['emitted', 'ingested', 'appended', 'consumed', 'closed', 'sent', 'answered', 'settled']);
    expect(Object.keys(seen.stages)).toHaveLength(7);
    expect([...search.indices.keys()].filter((name) => name.startsWith('things'))).toEqual([]);
    expect(lane.processor.status().counts).toMatchObject({ applied: 1, rejected: 0, refused: 0 });
  });

  it('that comes twice stands there twice', async () => {
    const [log, search] = [thingsLog(1), new MemorySearch()];
    const clusters = memoryClusters();
    const { ingest } = startIngest(clusters);
    const sent = beatRecord(SOURCE_TOPIC, { ...beat, partition: 0 }, 1);
    await clusters.source.producer({ compression: 'none', deliveryTimeoutMs: 1_000 }).send([sent, sent]);
    const west = clusters.regions.get('west') as MemoryLog;
    await until(() => expect(west.records(REGIONAL_TOPIC)).toHaveLength(2));
    await ingest.close();
    for (const { key, value, headers } of west.records(REGIONAL_TOPIC)) {
      const lane = startLane(log, search);
      const before = beats(search).length;
      await log.producer({ compression: 'none', deliveryTimeoutMs: 1_000 }).send([{ topic: THINGS_TOPIC, key, value, headers }]);
      await until(() => expect(beats(search)).toHaveLength(before + 1));
      await lane.stop();
    }
    expect(new Set(beats(search).map((each) => each['beat'])).size).toBe(1);
  });
});

describe('an emitter', () => {
  function start(log: MemoryLog, clock: ManualClock) {
    const problems: string[] = [];
    const emitter = new HeartbeatEmitter({ log, topics: [SOURCE_TOPIC], everyMs: 10_000, emitter: 'a', owns: ({ partition }) => partition !== 2, clock, onSent: () => {}, onProblem: (problem) => problems.push(problem) });
    return { emitter, problems };
  }
  it('sends one into each partition of its own, once in an interval', async () => {
    const [clock, log] = [new ManualClock(), new MemoryLog()];
    log.createTopic(SOURCE_TOPIC, 3);
    const { emitter } = start(log, clock);
    expect([await emitter.emit(), await emitter.emit()]).toEqual([2, 0]);
    await clock.advance(10_000);
    expect(await emitter.emit()).toBe(2);
    expect(log.records(SOURCE_TOPIC)).toHaveLength(4);
  });
  it('tells when the source does not take them, and goes on', async () => {
    const [clock, log] = [new ManualClock(), new MemoryLog()];
    log.createTopic(SOURCE_TOPIC, 1);
    const { emitter, problems } = start(log, clock);
    log.failProduce(new SluiceError('KAFKA_REFUSED', 'not allowed'));
    expect(await emitter.emit()).toBe(0);
    expect(problems).toEqual([expect.stringContaining('not allowed')]);
    log.failProduce(null);
    await clock.advance(10_000);
    expect(await emitter.emit()).toBe(1);
  });
});
