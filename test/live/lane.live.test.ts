import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/adapters/system-clock.ts';
import { soldItems as SOLD_ITEMS } from '../../pipelines/sold-items/pipeline.ts';
import { indexNameOf } from '../../src/domain/index-name.ts';
import { encodeEnvelope, ENVELOPE_HEADER } from '../../src/domain/envelope.ts';
import { regionalTopicOf } from '../../src/domain/pipeline.ts';
import { openRegionLog, openRegionSearch } from '../../src/main/connections.ts';
import type { OutgoingRecord } from '../../src/ports/record-log.ts';
import { purgeTombstones } from '../../src/purge/tombstones.ts';
import { FREE_SHARE } from '../support/free-share.ts';
import { install, SILENT, type Installation } from '../support/live.ts';
import { startProcess, type SluiceProcess } from '../support/processes.ts';
import { waitFor } from '../support/stack.ts';

const ROUTING_TIME = Date.UTC(2026, 10, 15);

/** The processors as they run in production: processes of their own, over real Kafka and Elasticsearch. */
describe('lanes on real servers', () => {
  let site: Installation;
  let index: string;
  const processes: SluiceProcess[] = [];

  beforeEach(async () => {
    site = await install();
    index = indexNameOf(`${site.config.prefix}sold-items`, SOLD_ITEMS.index.period, ROUTING_TIME);
  });
  afterEach(async () => {
    await Promise.all(processes.splice(0).map((each) => each.end('SIGKILL')));
    await site.remove();
  });

  async function lane(name: string): Promise<SluiceProcess> {
    const started = await startProcess(site.configFile, ['process', '--lane', name]);
    processes.push(started);
    return started;
  }

  function sale(id: string, version: number, body: Record<string, unknown> = {}): OutgoingRecord {
    const envelope = encodeEnvelope({ operation: 'index', schema: 1, version, routingTime: ROUTING_TIME, sourceTime: Date.now(), ingestTime: Date.now(), pipeline: 'sold-items', id });
    const document = { listing_id: id, title: `${id} version ${version}`, deleted: false, ...body };
    return { topic: regionalTopicOf(site.config.prefix, 'sold-items'), key: Buffer.from(id), value: Buffer.from(JSON.stringify(document)), headers: new Map([[ENVELOPE_HEADER, envelope]]) };
  }

  async function send(records: readonly OutgoingRecord[], region = 'west'): Promise<void> {
    const producer = openRegionLog(site.config, region, SILENT).producer({ compression: 'lz4', deliveryTimeoutMs: 30_000 });
    await producer.send(records);
    await producer.close();
  }

  async function settled(count: number, laneName = 'west-west'): Promise<void> {
    await waitFor(async () => (await site.committed(laneName.split('-')[0] as string, `sluice.${laneName}`)) === count, { what: `${count} records committed on ${laneName}`, timeoutMs: 150_000 });
  }

  it('one poison record among 10,000 goes to the failure index alone, with its bytes', async () => {
    const records = Array.from({ length: 10_000 }, (_, at) => sale(`L${at}`, 1));
    const poison = sale('poison', 1, { quantity: 'not a number' });
    await send([...records.slice(0, 5_000), poison, ...records.slice(5_000)]);
    await lane('west-west');
    await settled(10_001);
    const { count } = await countOf(index);
    expect(count).toBe(10_000);
    const failures = await site.search('west', `${site.config.prefix}sluice-failures`);
    expect(failures).toHaveLength(1);
    expect(failures[0]?.source).toMatchObject({
      stage: 'index', state: 'open', pipeline: 'sold-items', lane: 'west-west', document_id: 'poison', version: 1, index, attempts: expect.any(Number) as number,
      payload: poison.value?.toString(), payload_encoding: 'utf8', error: { type: 'document_parsing_exception', reason: expect.stringContaining('quantity') as string, stack: expect.any(String) as string },
      source: { cluster: 'west', topic: poison.topic, partition: expect.any(Number) as number, offset: expect.any(Number) as number }, origin: { role: 'primary' },
    });
  });

  it('versions that come out of order end in the newest; a replay changes nothing but origin', async () => {
    await send([sale('a', 3), sale('a', 9), sale('a', 5), sale('b', 1)]);
    const first = await lane('west-west');
    await settled(4);
    await first.end('SIGTERM');
    const before = await site.search('west', index);
    const admin = openRegionLog(site.config, 'west', SILENT).admin();
    const ranges = await admin.ranges([regionalTopicOf(site.config.prefix, 'sold-items')]);
    const beginning = ranges.map(({ topic, partition }) => ({ topic, partition, offset: 0 }));
    await waitFor(async () => { await admin.setCommitted(`${site.config.prefix}sluice.west-west`, beginning); return true; }, { what: 'the group to be empty' });
    await admin.close();
    await lane('west-west');
    await settled(4);
    const strip = (hits: typeof before) => hits.map(({ id, version, source }) => ({ id, version, source: { ...source, origin: undefined } })).sort((x, y) => x.id.localeCompare(y.id));
    expect(strip(await site.search('west', index))).toEqual(strip(before));
    expect((await site.document('west', index, 'a'))?.version).toBe(9);
  });

  it('a secondary never overwrites an equal version, a primary does', async () => {
    await send([sale('a', 7)], 'west');
    await send([sale('a', 7), sale('b', 7)], 'east');
    const secondary = await lane('east-west');
    await settled(2, 'east-west');
    expect((await site.document('west', index, 'a'))?.source['origin']).toMatchObject({ role: 'secondary' });
    await lane('west-west');
    await settled(1, 'west-west');
    expect((await site.document('west', index, 'a'))?.source['origin']).toMatchObject({ role: 'primary' });
    await secondary.end('SIGTERM');
    await send([sale('a', 7)], 'east');
    await lane('east-west');
    await settled(3, 'east-west');
    expect((await site.document('west', index, 'a'))?.source['origin']).toMatchObject({ role: 'primary' });
    expect((await site.document('west', index, 'b'))?.version).toBe(7);
  });

  it('SIGKILL in mid-batch and the rebalances around it lose and double nothing', async () => {
    const records = Array.from({ length: 30_000 }, (_, at) => sale(`L${at}`, 1));
    await send(records);
    const [doomed] = [await lane('west-west'), await lane('west-west')];
    await waitFor(async () => (await countOf(index)).count > 2_000, { what: 'the lane to be in the middle of its work' });
    await doomed.end('SIGKILL');
    await lane('west-west');
    await settled(30_000);
    expect((await countOf(index)).count).toBe(30_000);
    expect(await site.search('west', `${site.config.prefix}sluice-failures`)).toEqual([]);
  });

  it('every committed offset is told of in the batch-metadata index', async () => {
    await send(Array.from({ length: 500 }, (_, at) => sale(`L${at}`, 1)));
    const process = await lane('west-west');
    await settled(500);
    await process.end('SIGTERM');
    const batches = await site.search('west', `${site.config.prefix}sluice-batches`);
    const ranges = batches.flatMap(({ source }) => source['ranges'] as { records: number }[]);
    // A lane that was starved for longer than its session reads some of them again.
    expect(ranges.reduce((sum, range) => sum + range.records, 0)).toBeGreaterThanOrEqual(500);
    expect(batches[0]?.source).toMatchObject({ lane: 'west-west', source: 'west', destination: 'west', host: expect.any(String) as string, counts: expect.objectContaining({ applied: expect.any(Number) as number }) as object, event_time: expect.any(Object) as object, start_time: expect.any(String) as string, end_time: expect.any(String) as string, stages: expect.objectContaining({ bulk_ms: expect.any(Number) as number }) as object });
  });

  it('holds at a write block, says why on /readyz, and goes on by itself', async () => {
    await send([sale('a', 1)]);
    const process = await lane('west-west');
    await settled(1);
    await site.call('west', 'PUT', `/${index}/_settings`, { 'index.blocks.write': true });
    await send([sale('b', 1)]);
    await waitFor(async () => {
      const answer = await fetch(new URL('/readyz', process.url));
      return answer.status === 503 && (await answer.text()).includes('cluster_block_exception');
    }, { what: 'the lane to be held' });
    await site.call('west', 'PUT', `/${index}/_settings`, { 'index.blocks.write': false });
    await settled(2);
    await waitFor(async () => (await fetch(new URL('/readyz', process.url))).ok, { what: 'the lane to be ready again' });
    expect(await site.search('west', `${site.config.prefix}sluice-failures`)).toEqual([]);
  });

  it('goes on after its index was closed and opened, or deleted under it', async () => {
    await send([sale('a', 1)]);
    await lane('west-west');
    await settled(1);
    await site.call('west', 'POST', `/${index}/_close`);
    await send([sale('b', 1)]);
    await site.call('west', 'POST', `/${index}/_open`);
    await settled(2);
    await site.call('west', 'DELETE', `/${index}`);
    await send([sale('c', 1)]);
    await settled(3);
    expect((await site.document('west', index, 'c'))?.version).toBe(1);
  });

  it('goes on after its batch-metadata index was deleted under it', async () => {
    await send([sale('a', 1)]);
    await lane('west-west');
    await settled(1);
    const [batch] = await site.search('west', `${site.config.prefix}sluice-batches`);
    await site.call('west', 'DELETE', `/${batch?.index}`);
    await send([sale('b', 1)]);
    await settled(2);
    expect(await site.search('west', `${site.config.prefix}sluice-batches`)).not.toEqual([]);
  });

  it('a deleted document stays dead after gc_deletes, when an old write replays, and a purge takes only old tombstones', async () => {
    const old = Date.now() - 30 * 86_400_000;
    await send([sale('a', 1)]);
    await lane('west-west');
    await settled(1);
    await site.call('west', 'PUT', `/${index}/_settings`, { 'index.gc_deletes': '1ms' });
    await send([sale('a', 5, { deleted: true })]);
    await settled(2);
    // A broker's clock cannot be set back.
    await site.call('west', 'PUT', `/${index}/_doc/b?version=5&version_type=external`, { listing_id: 'b', deleted: true, origin: { role: 'primary', code: 'test', host_group: 'test', tombstone_at: old } });
    await site.call('west', 'POST', `/${index}/_refresh`);
    await send([sale('a', 1)]);
    await settled(3);
    expect(await site.search('west', `${site.config.prefix}sold-items`)).toEqual([]);
    expect((await site.document('west', index, 'a'))?.version).toBe(5);
    const cluster = openRegionSearch(site.config, 'west');
    const report = await purgeTombstones([`${site.config.prefix}sold-items-*`], Date.now() - 8 * 86_400_000, { cluster, others: new Map(), dryRun: false, clock: systemClock, random: Math.random, timeoutMs: 60_000, share: FREE_SHARE }, new AbortController().signal);
    await cluster.close();
    expect(report).toEqual({ found: 1, deleted: 1, superseded: 0, kept: 0 });
    expect(await site.document('west', index, 'b')).toBeNull();
    expect(await site.document('west', index, 'a')).not.toBeNull();
  });

  async function countOf(name: string): Promise<{ count: number }> {
    await site.call('west', 'POST', `/${name}/_refresh?ignore_unavailable=true`);
    return { count: (await site.call('west', 'GET', `/${name}/_count?ignore_unavailable=true`))['count'] as number };
  }
});
