import { afterEach, describe, expect, it } from 'vitest';
import { SluiceError } from '../../src/domain/errors.ts';
import { documentBytes } from '../../src/domain/fingerprint.ts';
import { versionOf } from '../../src/domain/version.ts';
import { emit, envelopeOf, FAILURES_TOPIC, idsIn, jsonOf, memoryClusters, numbered, REGIONAL_TOPIC, SOURCE_TOPIC, type StartedIngest, startIngest } from '../support/ingest-harness.ts';
import { jumpingClock } from '../support/jumping-clock.ts';
import type { MemoryLog } from '../support/memory-log.ts';

const started: StartedIngest[] = [];
afterEach(async () => { for (const { ingest } of started.splice(0)) await ingest.close(); });

function start(...given: Parameters<typeof startIngest>): StartedIngest {
  const each = startIngest(...given);
  started.push(each);
  return each;
}

const unavailable = new SluiceError('KAFKA_UNAVAILABLE', 'the region is gone');

function setUp(options: Parameters<typeof memoryClusters>[0] = {}) {
  const clusters = memoryClusters(options);
  const [west, east] = [...clusters.regions.values()] as [MemoryLog, MemoryLog];
  return { clusters, source: clusters.source, west, east };
}

async function committed(source: MemoryLog, group: string): Promise<number> {
  const positions = await source.admin().committed(`t.sluice.ingest${group}`, [SOURCE_TOPIC]);
  return positions.reduce((sum, { offset }) => sum + offset, 0);
}

const stateOf = ({ ingest }: StartedIngest, region: string) => ingest.status().regions.find((each) => each.region === region)?.state;

describe('ingest', () => {
  it('writes each event as the same finished bytes to both regions', async () => {
    const { clusters, source, west, east } = setUp();
    start(clusters);
    await emit(source, [{ id: 'a', version: 5, text: 'line\nbreak' }]);
    await expect.poll(() => [west.records(REGIONAL_TOPIC).length, east.records(REGIONAL_TOPIC).length]).toEqual([1, 1]);
    const [record] = west.records(REGIONAL_TOPIC);
    expect(record?.value?.toString()).toBe(documentBytes('{"id":"a","version":5,"text":"line\\nbreak","loud":"A"}', { id: 'a', version: versionOf(5, 3), deleted: false }).toString());
    expect(record?.value?.equals(east.records(REGIONAL_TOPIC)[0]?.value ?? Buffer.alloc(0))).toBe(true);
    expect(record?.key?.toString()).toBe('a');
    expect(record && envelopeOf(record)).toMatchObject({ operation: 'index', schema: 7, version: versionOf(5, 3), routingTime: Date.UTC(2026, 10, 22), pipeline: 'things', id: 'a' });
  });

  it('commits a position for each region, and the smaller one for the members', async () => {
    const { clusters, source } = setUp();
    start(clusters);
    await emit(source, numbered(500));
    await expect.poll(() => committed(source, '.west')).toBe(500);
    await expect.poll(() => committed(source, '.east')).toBe(500);
    await expect.poll(() => committed(source, '')).toBe(500);
  });

  it('ends every event as exactly one of written, failed, skipped, and harms no neighbour', async () => {
    const { clusters, source, west, east } = setUp();
    const { registry } = start(clusters);
    await emit(source, [
      ...numbered(20),
      Buffer.from([0xff, 0xfe, 0x00]), null, Buffer.from('{"id":1}'),
      { id: 'e1', version: 1, do: 'throw-enrich' }, { id: 'e2', version: 1, do: 'hang' },
      { id: 'd1', version: 1, do: 'throw-document' }, { id: 'd2', version: 1, do: 'long-id' }, { id: 'd3', version: -1 },
      { id: 'p1', version: 1, text: 'x'.repeat(3_000) },
      { id: 's1', version: 1, do: 'skip' }, { id: 'w1', version: 1, do: 'wait' },
    ]);
    await expect.poll(() => committed(source, '')).toBe(31);
    for (const region of [west, east]) {
      expect(idsIn(region)).toHaveLength(22);
      const stages = new Map(region.records(FAILURES_TOPIC).map((record) => [envelopeOf(record).id, jsonOf(record).stage]));
      expect([...stages.values()].toSorted()).toEqual(['decode', 'decode', 'decode', 'document', 'document', 'document', 'enrich', 'enrich']);
    }
    const text = await registry.getSingleMetricAsString('sluice_ingest_events_total');
    expect(text).toContain('outcome="skipped",detail="not wanted"} 1');
    expect(await registry.getSingleMetricAsString('sluice_ingest_freshness_seconds')).toMatch(/\{region="west"\} \d/);
  });

  it('keeps the bytes, coordinates and cause of what failed', async () => {
    const { clusters, source, west } = setUp({ partitions: 1 });
    start(clusters, { maxRecordBytes: 1_024 });
    await emit(source, [...numbered(2), Buffer.from([0xff, 0x00]), { id: 'big', version: 9, text: 'y'.repeat(2_000) }]);
    await expect.poll(() => west.records(FAILURES_TOPIC).length).toBe(2);
    const [poison, big] = west.records(FAILURES_TOPIC);
    expect(poison && jsonOf(poison)).toMatchObject({
      stage: 'decode', pipeline: 'things', payload: Buffer.from([0xff, 0x00]).toString('base64'), payload_encoding: 'base64', payload_bytes: 2,
      error: { type: 'decode_error', reason: 'the payload is no JSON' }, source: { cluster: 'source', topic: SOURCE_TOPIC, partition: 0, offset: 2 }, host: 'test-host', deleted: false,
    });
    expect(poison && jsonOf(poison)).not.toHaveProperty('origin');
    expect(poison && envelopeOf(poison)).toMatchObject({ pipeline: 'failures' });
    expect(poison?.key?.toString()).toBe(poison && envelopeOf(poison).id);
    expect(big && jsonOf(big)).toMatchObject({ stage: 'produce', error: { type: 'record_too_large' }, document_id: 'big', version: versionOf(9, 3) });
  });

  it('puts a failure record in place of the one record that a region\'s Kafka finds too large', async () => {
    const { clusters, source, west, east } = setUp({ partitions: 1 });
    east.failProduce((record) => (record.value?.length ?? 0) > 500 && record.topic === REGIONAL_TOPIC ? new SluiceError('KAFKA_RECORD_TOO_LARGE', 'over the limit') : null);
    start(clusters);
    const big = { id: 'big', version: 1, text: 'z'.repeat(600) };
    await emit(source, [...numbered(50), big, ...numbered(50, 'more')]);
    await expect.poll(() => committed(source, '')).toBe(101);
    expect(idsIn(west)).toHaveLength(101);
    expect(idsIn(east)).toHaveLength(100);
    expect(west.records(FAILURES_TOPIC)).toHaveLength(0);
    const [failure] = east.records(FAILURES_TOPIC);
    expect(failure && jsonOf(failure)).toMatchObject({ stage: 'produce', payload: JSON.stringify(big), source: { offset: 50 }, error: { type: 'KAFKA_RECORD_TOO_LARGE', reason: 'over the limit' } });
  });

  it('works with a single region, also through an outage', async () => {
    const { clusters, source, west } = setUp({ regions: ['west'] });
    const running = start(clusters);
    await emit(source, numbered(30));
    await expect.poll(() => committed(source, '.west')).toBe(30);
    west.failProduce(unavailable);
    await emit(source, numbered(30, 'later'));
    await expect.poll(() => stateOf(running, 'west')).toBe('cut');
    west.failProduce(null);
    await expect.poll(() => committed(source, '.west')).toBe(60);
    await expect.poll(() => stateOf(running, 'west')).toBe('joined');
    expect(idsIn(west)).toHaveLength(60);
  });

  it('reads a topic that was made anew under it from its first record on', async () => {
    const { clusters, source, west, east } = setUp();
    start(clusters);
    await emit(source, numbered(300));
    for (const region of ['.west', '.east']) await expect.poll(() => committed(source, region)).toBe(300);
    source.recreate(SOURCE_TOPIC);
    await emit(source, numbered(60, 'anew'));
    for (const log of [west, east]) await expect.poll(() => idsIn(log).filter((id) => id.startsWith('anew'))).toHaveLength(60);
    for (const region of ['.west', '.east']) await expect.poll(() => committed(source, region)).toBe(60);
  });

  it('… also where no region took part in the reading meanwhile', async () => {
    const { clusters, source, west, east } = setUp();
    const running = start(clusters);
    await emit(source, numbered(300));
    for (const region of ['.west', '.east']) await expect.poll(() => committed(source, region)).toBe(300);
    for (const log of [west, east]) log.failProduce(unavailable);
    await emit(source, numbered(30, 'lost'));
    for (const region of ['west', 'east']) await expect.poll(() => stateOf(running, region)).toBe('cut');
    source.recreate(SOURCE_TOPIC);
    await emit(source, numbered(60, 'anew'));
    for (const log of [west, east]) log.failProduce(null);
    for (const log of [west, east]) await expect.poll(() => idsIn(log).filter((id) => id.startsWith('anew'))).toHaveLength(60);
    for (const region of ['.west', '.east']) await expect.poll(() => committed(source, region)).toBe(60);
  });

  it('goes on while the wall clock jumps by hours and weeks', async () => {
    const { clusters, source, west, east } = setUp();
    const { ingest } = start(clusters, {}, jumpingClock());
    await emit(source, [...numbered(300), Buffer.from('junk')]);
    for (const region of ['.west', '.east']) await expect.poll(() => committed(source, region)).toBe(301);
    for (const log of [west, east]) expect([idsIn(log).length, log.records(FAILURES_TOPIC).length]).toEqual([300, 1]);
    for (const { lagMs } of ingest.status().regions) expect(lagMs).toBeGreaterThanOrEqual(0);
  });

  it('drains what is in flight when closed, and commits it', async () => {
    const { clusters, source, west, east } = setUp();
    const { ingest, running } = start(clusters, { commitIntervalMs: 60_000 });
    await emit(source, numbered(300));
    await expect.poll(() => idsIn(west).length + idsIn(east).length).toBe(600);
    await ingest.close();
    await running;
    expect(await committed(source, '.west')).toBe(300);
    expect(await committed(source, '.east')).toBe(300);
    expect(await committed(source, '')).toBe(300);
    expect(ingest.status().budget.inUseBytes).toBe(0);
  });
});

describe('while one region is away', () => {
  it('the other goes on and commits; the sick one stays where it was, then catches up by itself and joins again', async () => {
    const { clusters, source, west, east } = setUp();
    const running = start(clusters);
    await emit(source, numbered(100));
    await expect.poll(() => committed(source, '.east')).toBe(100);
    east.failProduce(unavailable);
    await emit(source, numbered(2_000, 'during'));
    await expect.poll(() => committed(source, '.west')).toBe(2_100);
    expect(stateOf(running, 'east')).toBe('cut');
    expect(await committed(source, '.east')).toBe(100);
    expect(await committed(source, '')).toBe(100);
    expect(running.ingest.status().regions.find(({ region }) => region === 'east')).toMatchObject({ lastError: expect.stringContaining('gone') as string });
    east.failProduce(null);
    await expect.poll(() => committed(source, '.east')).toBe(2_100);
    await expect.poll(() => stateOf(running, 'east')).toBe('joined');
    expect(idsIn(east)).toEqual(idsIn(west));
    expect(west.records(REGIONAL_TOPIC)).toHaveLength(2_100);
    await emit(source, numbered(10, 'after'));
    await expect.poll(() => idsIn(east).length).toBe(2_110);
  });

  it('one that hangs without an answer is cut loose before it holds up the other for long', async () => {
    const { clusters, source, west, east } = setUp();
    const running = start(clusters, { inFlightBytes: 1024 * 1024, fetchBytes: 64 * 1024, maxRecordBytes: 100_000, deliveryTimeoutMs: 60_000, batchRecords: 100 });
    const release = east.stall();
    await emit(source, numbered(5_000).map((event) => ({ ...event, text: 'x'.repeat(300) })));
    await expect.poll(() => west.records(REGIONAL_TOPIC).length).toBe(5_000);
    expect(stateOf(running, 'east')).toBe('cut');
    expect(running.ingest.status().budget.inUseBytes).toBeLessThan(1024 * 1024);
    release();
    await expect.poll(() => idsIn(east).length).toBe(5_000);
    await expect.poll(() => stateOf(running, 'east')).toBe('joined');
  });

  it('ingest that is ended and started again lets each region go on from its own position', async () => {
    const { clusters, source, west, east } = setUp();
    const first = start(clusters);
    await emit(source, numbered(50));
    await expect.poll(() => committed(source, '')).toBe(50);
    east.failProduce(unavailable);
    await emit(source, numbered(200, 'during'));
    await expect.poll(() => committed(source, '.west')).toBe(250);
    await first.ingest.close();
    const second = start(clusters);
    await emit(source, numbered(50, 'second'));
    await expect.poll(() => committed(source, '.west')).toBe(300);
    expect(west.records(REGIONAL_TOPIC)).toHaveLength(300);
    east.failProduce(null);
    await expect.poll(() => committed(source, '')).toBe(300);
    await expect.poll(() => stateOf(second, 'east')).toBe('joined');
    expect(idsIn(east)).toEqual(idsIn(west));
  });

  it('both away: nothing moves, and both go on when they are back', async () => {
    const { clusters, source, west, east } = setUp();
    const running = start(clusters);
    west.failProduce(unavailable);
    east.failProduce(unavailable);
    await emit(source, numbered(400));
    await expect.poll(() => [stateOf(running, 'west'), stateOf(running, 'east')]).toEqual(['cut', 'cut']);
    await emit(source, numbered(400, 'more'));
    east.failProduce(null);
    await expect.poll(() => committed(source, '.east')).toBe(800);
    west.failProduce(null);
    await expect.poll(() => committed(source, '')).toBe(800);
    expect(idsIn(west)).toEqual(idsIn(east));
  });
});

describe('when retention is faster than a region', () => {
  it('what is gone is counted, and the region goes on with what is left', async () => {
    const { clusters, source, west, east } = setUp({ partitions: 1 });
    const running = start(clusters);
    await emit(source, numbered(100));
    await expect.poll(() => committed(source, '')).toBe(100);
    east.failProduce(unavailable);
    await emit(source, numbered(100, 'during'));
    await expect.poll(() => committed(source, '.west')).toBe(200);
    source.trim({ topic: SOURCE_TOPIC, partition: 0 }, 150);
    await expect.poll(() => running.registry.getSingleMetricAsString('sluice_ingest_lost_records_total')).toContain('{region="east"} 50');
    east.failProduce(null);
    await expect.poll(() => committed(source, '.east')).toBe(200);
    await expect.poll(() => stateOf(running, 'east')).toBe('joined');
    expect(idsIn(west)).toHaveLength(200);
    expect(idsIn(east)).toHaveLength(150);
  });
});

describe('with several members', () => {
  it('a member that dies leaves its partitions to the others, which lose nothing', async () => {
    const { clusters, source, west, east } = setUp({ partitions: 6 });
    const first = start(clusters);
    start(clusters);
    await emit(source, numbered(300));
    source.expel('t.sluice.ingest');
    await emit(source, numbered(300, 'then'));
    await first.ingest.close();
    await emit(source, numbered(300, 'last'));
    await expect.poll(() => committed(source, '')).toBe(900);
    expect(idsIn(west)).toHaveLength(900);
    expect(idsIn(east)).toHaveLength(900);
  });
});
