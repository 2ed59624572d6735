import { describe, expect, it } from 'vitest';
import type { Json } from '../../src/ports/search-index.ts';
import { ITEM_QUEUE_FULL, ITEM_WRITE_BLOCK, MemorySearch } from '../support/memory-search.ts';
import { FAST, produce, record, ROUTING_TIME, startLane, THINGS_INDEX, THINGS_TOPIC, thingsLog } from '../support/lane.ts';
import { jumpingClock } from '../support/jumping-clock.ts';
import type { MemoryLog } from '../support/memory-log.ts';
import { until } from '../support/until.ts';

const GROUP = 'sluice.west-west';

async function committed(log: MemoryLog, group = GROUP): Promise<number> {
  return (await log.admin().committed(group, [THINGS_TOPIC])).reduce((sum, position) => sum + position.offset, 0);
}

function failures(search: MemorySearch): Json[] {
  return [...search.indices].filter(([name]) => name.startsWith('sluice-failures')).flatMap(([, index]) => [...index.documents.values()].map((stored) => stored.source as Json));
}

function batches(search: MemorySearch): Json[] {
  return [...search.indices].filter(([name]) => name.startsWith('sluice-batches')).flatMap(([, index]) => [...index.documents.values()].map((stored) => stored.source as Json));
}

describe('a lane', () => {
  it('indexes documents as they are, adds origin, and commits what is settled', async () => {
    const [log, search] = [thingsLog(), new MemorySearch()];
    await produce(log, [record('a', 7), record('b', 9, '{}')]);
    const lane = startLane(log, search);
    await until(async () => expect(await committed(log)).toBe(2));
    await lane.stop();
    expect(search.document(THINGS_INDEX, 'a')).toMatchObject({ version: 7, source: { title: 'a v7', deleted: false, origin: { role: 'primary', code: 'test', host_group: 'default' } } });
    expect(search.document(THINGS_INDEX, 'b')?.source).toEqual({ origin: { role: 'primary', code: 'test', host_group: 'default' } });
  });

  it('tells in a tombstone when it came, for the purge: by the later one of two clocks', async () => {
    const [log, search] = [thingsLog(), new MemorySearch()];
    await produce(log, [record('a', 7, '{"title":"gone","deleted":true}', { ingestTime: 1_795_000_000_000 }), record('b', 7, '{"title":"gone","deleted":true}', { ingestTime: 4_000_000_000_000 })]);
    const [appended] = log.records(THINGS_TOPIC).filter(({ key }) => String(key) === 'a');
    const lane = startLane(log, search);
    await until(async () => expect(await committed(log)).toBe(2));
    await lane.stop();
    expect(search.document(THINGS_INDEX, 'a')?.source).toEqual({ title: 'gone', deleted: true, origin: { role: 'primary', code: 'test', host_group: 'default', tombstone_at: appended?.timestamp } });
    expect(search.document(THINGS_INDEX, 'b')?.source).toMatchObject({ origin: { tombstone_at: 4_000_000_000_000 } });
  });

  it('keeps the bytes of a rejected tombstone as they were', async () => {
    const [log, search] = [thingsLog(), new MemorySearch({ reject: (document) => (document['title'] === 'gone' ? { type: 'document_parsing_exception', reason: 'no' } : null) })];
    await produce(log, [record('a', 7, '{"title":"gone","deleted":true}')]);
    const lane = startLane(log, search);
    await until(async () => expect(await committed(log)).toBe(1));
    await lane.stop();
    expect(failures(search)).toEqual([expect.objectContaining({ payload: '{"title":"gone","deleted":true}' })]);
  });

  it('lets the newest version win in any order, and counts the others as superseded', async () => {
    const [log, search] = [thingsLog(), new MemorySearch()];
    await produce(log, [record('a', 3), record('a', 9), record('a', 5)]);
    const lane = startLane(log, search);
    await until(async () => expect(await committed(log)).toBe(3));
    await lane.stop();
    expect(search.document(THINGS_INDEX, 'a')?.version).toBe(9);
    expect(lane.processor.status().counts).toMatchObject({ applied: 1, superseded: 2, rejected: 0 });
  });

  it('sends only the newest of several versions in one batch, but falls back on an older one where the newest is rejected', async () => {
    const search = new MemorySearch({ reject: (document) => (document['title'] === 'poison' ? { type: 'document_parsing_exception', reason: 'no' } : null) });
    const log = thingsLog(1);
    await produce(log, [record('a', 3), record('b', 1), record('a', 9, '{"title":"poison"}'), record('a', 5), record('b', 2)]);
    const lane = startLane(log, search, { settings: { batchAgeMs: 50 } });
    await until(async () => expect(await committed(log)).toBe(5));
    await lane.stop();
    expect(search.document(THINGS_INDEX, 'a')?.version).toBe(5);
    expect(search.document(THINGS_INDEX, 'b')?.version).toBe(2);
    expect(failures(search)).toEqual([expect.objectContaining({ document_id: 'a', version: 9 })]);
    expect(lane.processor.status().counts).toMatchObject({ applied: 3, superseded: 1, rejected: 1 });
  });

  it('as a primary rewrites an equal version, as a secondary does not', async () => {
    const [log, search] = [thingsLog(), new MemorySearch()];
    await produce(log, [record('a', 3)]);
    const primary = startLane(log, search);
    await until(async () => expect(await committed(log)).toBe(1));
    await primary.stop();
    const secondary = startLane(log, search, { to: 'east' });
    await until(async () => expect(await committed(log, 'sluice.west-east')).toBe(1));
    await secondary.stop();
    expect(secondary.processor.status().counts).toMatchObject({ applied: 0, superseded: 1 });
    expect(search.document(THINGS_INDEX, 'a')?.source).toMatchObject({ origin: { role: 'primary' } });
  });

  it('sends one poison record among many to the failure index, with its bytes, and nothing else', async () => {
    const search = new MemorySearch({ reject: (document) => (document['title'] === 'poison' ? { type: 'document_parsing_exception', reason: 'failed to parse field [title]' } : null) });
    const log = thingsLog();
    const good = Array.from({ length: 300 }, (_, at) => record(`id-${at}`, 1));
    await produce(log, [...good.slice(0, 150), record('bad', 1, '{"title":"poison"}'), ...good.slice(150)]);
    const lane = startLane(log, search);
    await until(async () => expect(await committed(log)).toBe(301));
    await lane.stop();
    expect(search.indices.get(THINGS_INDEX)?.documents.size).toBe(300);
    expect(failures(search)).toEqual([expect.objectContaining({ stage: 'index', state: 'open', attempts: 2, payload: '{"title":"poison"}', payload_encoding: 'utf8', document_id: 'bad', version: 1, index: THINGS_INDEX, pipeline: 'things', lane: 'west-west', error: expect.objectContaining({ type: 'document_parsing_exception', reason: 'failed to parse field [title]' }) })]);
  });

  it.each([
    ['a raw newline', Buffer.from('{"a":\n1}'), 'raw_newline'],
    ['no object', Buffer.from('[1]'), 'not_an_object'],
    ['invalid UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d]), 'invalid_utf8'],
  ])('never sends a document with %s', async (_, value, type) => {
    const [log, search] = [thingsLog(), new MemorySearch()];
    await produce(log, [record('bad', 1, value), record('good', 1)]);
    const lane = startLane(log, search);
    await until(async () => expect(await committed(log)).toBe(2));
    await lane.stop();
    expect(failures(search)).toEqual([expect.objectContaining({ stage: 'precheck', document_id: 'bad', error: expect.objectContaining({ type }) })]);
    expect(search.document(THINGS_INDEX, 'good')).not.toBeNull();
  });

  it('never sends an id that Elasticsearch would refuse the request for', async () => {
    const [log, search] = [thingsLog(), new MemorySearch()];
    await produce(log, [record('x'.repeat(513), 1), record('good', 1)]);
    const lane = startLane(log, search);
    await until(async () => expect(await committed(log)).toBe(2));
    await lane.stop();
    expect(failures(search)).toEqual([expect.objectContaining({ error: expect.objectContaining({ type: 'id_too_long' }) })]);
  });

  it('keeps a record of a schema that it does not know, and takes earlier ones', async () => {
    const [log, search] = [thingsLog(), new MemorySearch()];
    await produce(log, [record('later', 7, '{"title":"made by newer code"}', { schema: 2 }), record('earlier', 1, '{}', { schema: 0 })]);
    const lane = startLane(log, search);
    await until(async () => expect(await committed(log)).toBe(2));
    await lane.stop();
    expect(failures(search)).toEqual([expect.objectContaining({ stage: 'precheck', document_id: 'later', version: 7, payload: '{"title":"made by newer code"}', error: expect.objectContaining({ type: 'schema_unknown' }) })]);
    expect(search.document(THINGS_INDEX, 'later')).toBeNull();
    expect(search.document(THINGS_INDEX, 'earlier')).not.toBeNull();
  });

  it('escapes ids that need it', async () => {
    const [log, search] = [thingsLog(), new MemorySearch()];
    const id = 'quo"te\\ \n ü';
    await produce(log, [record(id, 1, '{}')]);
    const lane = startLane(log, search);
    await until(async () => expect(await committed(log)).toBe(1));
    await lane.stop();
    expect(search.document(THINGS_INDEX, id)?.version).toBe(1);
  });

  it('reads records of other producers, and tells what is wrong with those it cannot read', async () => {
    const [log, search] = [thingsLog(), new MemorySearch()];
    const foreign = { topic: THINGS_TOPIC, key: Buffer.from('f') };
    await produce(log, [
      { ...foreign, value: Buffer.from(JSON.stringify({ id: 'f', version: 4, routing_time: ROUTING_TIME, document: { title: 'foreign' } })) },
      { ...foreign, value: Buffer.from(JSON.stringify({ id: 'd', version: 4, routing_time: ROUTING_TIME, operation: 'delete' })) },
      { ...foreign, value: Buffer.from('junk') },
      { ...foreign, value: null },
    ]);
    const lane = startLane(log, search);
    await until(async () => expect(await committed(log)).toBe(4));
    await lane.stop();
    expect(search.document(THINGS_INDEX, 'd')).toMatchObject({ version: 4, source: { deleted: true } });
    expect(search.document(THINGS_INDEX, 'f')).toMatchObject({ version: 4, source: { title: 'foreign' } });
    expect(failures(search)).toHaveLength(2);
    expect(failures(search)).toEqual(expect.arrayContaining([expect.objectContaining({ stage: 'envelope', payload: 'junk' })]));
  });

  it('sends again only the items that the cluster could not take', async () => {
    const [log, search] = [thingsLog(1), new MemorySearch()];
    search.inject({ ...ITEM_QUEUE_FULL, only: (operation) => operation.id === 'b' } as typeof ITEM_QUEUE_FULL, 3);
    await produce(log, [record('a', 1), record('b', 1), record('c', 1)]);
    const lane = startLane(log, search);
    await until(async () => expect(await committed(log)).toBe(3));
    await lane.stop();
    const sent = search.seen.flatMap((bulk) => bulk.operations).filter((operation) => operation.index === THINGS_INDEX).map((operation) => operation.id);
    expect(sent).toEqual(['a', 'b', 'c', 'b', 'b', 'b']);
    expect(failures(search)).toEqual([]);
  });

  it.each([['a request-level 429', 429], ['503', 503], ['an unknown status', 500]])('outlives %s', async (_, status) => {
    const [log, search] = [thingsLog(), new MemorySearch()];
    search.inject({ kind: 'request', status }, 4);
    await produce(log, [record('a', 1)]);
    const lane = startLane(log, search);
    await until(async () => expect(await committed(log)).toBe(1));
    await lane.stop();
    expect(search.document(THINGS_INDEX, 'a')).not.toBeNull();
  });

  it('sends an item again whose answer no rule names, and raises an alarm', async () => {
    const [log, search] = [thingsLog(1), new MemorySearch()];
    search.inject({ kind: 'items', status: 418, error: { type: 'teapot_exception', reason: 'short and stout' } }, 2);
    await produce(log, [record('a', 1)]);
    const lane = startLane(log, search);
    await until(async () => expect(await committed(log)).toBe(1));
    await lane.stop();
    expect(search.document(THINGS_INDEX, 'a')).not.toBeNull();
    expect(failures(search)).toEqual([]);
    expect(await lane.registry.metrics()).toContain('sluice_lane_unknown_answers_total 2');
  });

  it('sends again after silence, whether or not the lost request took effect', async () => {
    const [log, search] = [thingsLog(), new MemorySearch()];
    search.inject({ kind: 'silent', cause: 'timeout', applied: true }, 2);
    await produce(log, [record('a', 1)]);
    const lane = startLane(log, search);
    await until(async () => expect(await committed(log)).toBe(1));
    await lane.stop();
    expect(search.document(THINGS_INDEX, 'a')?.version).toBe(1);
  });

  it('halves requests that are too large, learns the limit, and finds the document that is too large alone', async () => {
    const [log, search] = [thingsLog(1), new MemorySearch({ maxBodyBytes: 2_000 })];
    const large = `{"title":"${'x'.repeat(3_000)}"}`;
    await produce(log, [...Array.from({ length: 40 }, (_, at) => record(`id-${at}`, 1)), record('large', 1, large)]);
    const lane = startLane(log, search);
    await until(async () => expect(await committed(log)).toBe(41));
    await lane.stop();
    expect(search.indices.get(THINGS_INDEX)?.documents.size).toBe(40);
    expect(failures(search)).toEqual([expect.objectContaining({ document_id: 'large', payload_truncated: true, payload_bytes: large.length })]);
  });

  it('halves a request that is refused as a whole until the poison stands alone', async () => {
    const log = thingsLog(1);
    const search = new MemorySearch();
    const bulk = search.bulk.bind(search);
    search.bulk = async (request) => (Buffer.from(request.body).includes('poison') ? { kind: 'answered', status: 400, body: Buffer.from('{"error":{"type":"action_request_validation_exception","reason":"no"},"status":400}') } : bulk(request));
    await produce(log, [...Array.from({ length: 20 }, (_, at) => record(`id-${at}`, 1)), record('poison', 1), ...Array.from({ length: 20 }, (_, at) => record(`id+${at}`, 1))]);
    const lane = startLane(log, search);
    // The failure document names the poison's id and would be refused, too: heal once the rest is in.
    await until(() => expect(search.indices.get(THINGS_INDEX)?.documents.size).toBe(40));
    search.bulk = bulk;
    await until(async () => expect(await committed(log)).toBe(41));
    await lane.stop();
    expect(failures(search)).toEqual([expect.objectContaining({ document_id: 'poison', error: expect.objectContaining({ type: 'action_request_validation_exception' }) })]);
  });

  it('holds at a write block, says so, writes no failure, commits nothing, and goes on when the block is gone', async () => {
    const [log, search] = [thingsLog(), new MemorySearch()];
    const heal = search.inject(ITEM_WRITE_BLOCK, Number.POSITIVE_INFINITY);
    await produce(log, [record('a', 1)]);
    const lane = startLane(log, search);
    await until(() => expect(lane.processor.status().gate).toMatchObject({ kind: 'held', reason: expect.stringContaining('cluster_block_exception') }));
    expect(await committed(log)).toBe(0);
    heal();
    await until(async () => expect(await committed(log)).toBe(1));
    await lane.stop();
    expect(lane.processor.status().gate.kind).toBe('open');
    expect(failures(search)).toEqual([]);
  });

  it('neither commits nor drops while the failure index cannot be written', async () => {
    const search = new MemorySearch({ reject: (document) => (document['title'] === 'poison' ? { type: 'document_parsing_exception', reason: 'no' } : null) });
    const log = thingsLog(1);
    const heal = search.inject({ ...ITEM_WRITE_BLOCK, only: (operation) => operation.index.startsWith('sluice-failures') } as typeof ITEM_WRITE_BLOCK, Number.POSITIVE_INFINITY);
    await produce(log, [record('bad', 1, '{"title":"poison"}'), record('a', 1)]);
    const lane = startLane(log, search);
    await until(() => expect(lane.processor.status().books.kind).toBe('held'));
    expect(await committed(log)).toBe(0);
    heal();
    await until(async () => expect(await committed(log)).toBe(2));
    await lane.stop();
    expect(failures(search)).toHaveLength(1);
  });

  it('writes what it did into the batch-metadata index before the offsets move', async () => {
    const [log, search] = [thingsLog(1), new MemorySearch()];
    await produce(log, [record('a', 2), record('a', 1)]);
    const lane = startLane(log, search);
    await until(async () => expect(await committed(log)).toBe(2));
    const written = batches(search);
    await lane.stop();
    const ranges = written.flatMap((batch) => batch['ranges'] as { first: number; last: number; records: number }[]);
    expect(Math.max(...ranges.map((range) => range.last))).toBe(1);
    expect(ranges.reduce((sum, range) => sum + range.records, 0)).toBe(2);
    expect(written[0]).toMatchObject({ lane: 'west-west', host: 'host-1', destination: 'west', start_time: expect.any(String), end_time: expect.any(String), stages: expect.objectContaining({ bulk_ms: expect.any(Number) }) });
  });

  it('goes on while the wall clock jumps by hours and weeks, and measures no nonsense', async () => {
    const [log, search] = [thingsLog(), new MemorySearch()];
    const lane = startLane(log, search, { clock: jumpingClock() });
    for (let from = 0; from < 200; from += 20) await produce(log, Array.from({ length: 20 }, (_, at) => record(`id-${from + at}`, 1)));
    await until(async () => expect(await committed(log)).toBe(200));
    await lane.stop();
    expect(search.indices.get(THINGS_INDEX)?.documents.size).toBe(200);
    for (const batch of batches(search).flatMap(({ detail }) => detail as { start_time: string; end_time: string; stages: object }[])) {
      expect(Date.parse(batch.end_time)).toBeGreaterThanOrEqual(Date.parse(batch.start_time));
      for (const [stage, ms] of Object.entries(batch.stages) as [string, number][]) expect(Math.abs(ms - 30_000), stage).toBeLessThanOrEqual(30_000);
    }
  });

  it('drains on demand: everything taken is settled and committed', async () => {
    const [log, search] = [thingsLog(), new MemorySearch()];
    await produce(log, Array.from({ length: 500 }, (_, at) => record(`id-${at}`, 1)));
    const lane = startLane(log, search);
    await until(() => expect(lane.processor.status().counts.records).toBeGreaterThan(0));
    await lane.stop();
    expect(await committed(log)).toBe(lane.processor.status().counts.records);
  });

  it('gives up a drain that takes too long, without committing what is not settled', async () => {
    const [log, search] = [thingsLog(), new MemorySearch()];
    search.setDown(true);
    await produce(log, [record('a', 1)]);
    const lane = startLane(log, search, { settings: { drainTimeoutMs: 50 } });
    await until(() => expect(lane.processor.status().gate.kind).toBe('backing-off'));
    await lane.stop();
    expect(await committed(log)).toBe(0);
  });

  it('loses and doubles nothing when members come and go', async () => {
    const [log, search] = [thingsLog(6), new MemorySearch()];
    let lanes = [startLane(log, search, { host: 'h0' })];
    for (let round = 1; round <= 8; round += 1) {
      await produce(log, Array.from({ length: 200 }, (_, at) => record(`id-${round}-${at}`, round)));
      lanes.push(startLane(log, search, { host: `h${round}` }));
      if (round % 2 === 0) await (lanes.shift() as (typeof lanes)[0]).stop();
    }
    await until(async () => expect(await committed(log)).toBe(1_600));
    await Promise.all(lanes.map((lane) => lane.stop()));
    lanes = [];
    expect(search.indices.get(THINGS_INDEX)?.documents.size).toBe(1_600);
    expect(failures(search)).toEqual([]);
  });

  it('takes a document larger than a batch, alone', async () => {
    const [log, search] = [thingsLog(1), new MemorySearch()];
    const large = `{"title":"${'x'.repeat(FAST.batchBytes * 2)}"}`;
    await produce(log, [record('a', 1), record('large', 1, large), record('b', 1)]);
    const lane = startLane(log, search);
    await until(async () => expect(await committed(log)).toBe(3));
    await lane.stop();
    expect(search.indices.get(THINGS_INDEX)?.documents.size).toBe(3);
  });
});
