import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/adapters/system-clock.ts';
import { contentOf } from '../../src/domain/content.ts';
import { fingerprintOf } from '../../src/domain/fingerprint.ts';
import { SluiceError } from '../../src/domain/errors.ts';
import { decodeEnvelope } from '../../src/domain/envelope.ts';
import type { Transform } from '../../src/redrive/patch.ts';
import { redrive, type RedriveRequest } from '../../src/redrive/redrive.ts';
import { CLAIM_LEASE_MS } from '../../src/redrive/transition.ts';
import { FREE_SHARE, sharesOf } from '../support/free-share.ts';
import { produce, record } from '../support/lane.ts';
import { ITEM_QUEUE_FULL, ITEM_WRITE_BLOCK, type MemorySearch } from '../support/memory-search.ts';
import { FAILED_AT, FAILURE_INDEX, INDEX, fail, failAtIngest, failureIn, redriveHarness, request, type RedriveHarness } from '../support/redrive-harness.ts';

const VERSION = 1024 * 5 + 3;
const NOW = Date.UTC(2026, 10, 30);
const mend: Transform = (document) => ({ ...(document as object), price: 12.5 });

function run(harness: RedriveHarness, changes: Partial<RedriveRequest> = {}) {
  return redrive(request(changes), harness.parts, {}, new AbortController().signal);
}

async function store(search: MemorySearch, id: string, version: number, body: object): Promise<void> {
  await search.bulk({ body: Buffer.from(`${JSON.stringify({ index: { _index: INDEX, _id: id, version, version_type: 'external' } })}\n${JSON.stringify(body)}\n`), detail: 'terse', timeoutMs: 1_000 });
}

describe('a document that could not be indexed', () => {
  it('goes back into its index with its own version once what was wrong is mended, and its failure tells who did it', async () => {
    const harness = await redriveHarness();
    const id = await fail(harness.west, { payload: Buffer.from('{"title":"lamp","price":1.50,"deleted":false}') });
    expect(await run(harness)).toMatchObject({ ok: true, failures: 1, cases: 1, counts: { applied: 1 } });
    expect(harness.west.document(INDEX, 'lamp-1')).toMatchObject({ version: VERSION, source: { title: 'lamp', price: 1.5, origin: { role: 'redrive', code: 'test' } } });
    expect(failureIn(harness.west, id)).toMatchObject({ state: 'redriven', history: [{ by: 'olga', action: 'redrive', outcome: 'west: applied' }] });
    expect(harness.east.document(INDEX, 'lamp-1')).toBeNull();
  });

  it('that is rejected again stays open with the new reason, and its history grows', async () => {
    const harness = await redriveHarness();
    const id = await fail(harness.west, { error: { type: 'old', reason: 'old' } });
    expect(await run(harness)).toMatchObject({ ok: false, counts: { rejected: 1 }, notDone: [{ id, result: 'rejected' }] });
    await run(harness);
    expect(failureIn(harness.west, id)).toMatchObject({ state: 'open', error: { type: 'document_parsing_exception' } });
    expect(failureIn(harness.west, id)['history']).toHaveLength(2);
    expect(await run(harness, { transform: mend })).toMatchObject({ ok: true, counts: { applied: 1 } });
  });

  it('is settled in every lane and region that failed it', async () => {
    const harness = await redriveHarness();
    const payload = Buffer.from('{"title":"lamp","price":1}');
    const ids = [await fail(harness.west, { payload, lane: 'west-west' }), await fail(harness.west, { payload, lane: 'east-west' })];
    const eastern = await fail(harness.east, { payload, lane: 'west-east' });
    expect(await run(harness, { filter: { lane: 'west-west' } })).toMatchObject({ failures: 1, cases: 1, counts: { applied: 1 } });
    for (const id of ids) expect(failureIn(harness.west, id)).toMatchObject({ state: 'redriven' });
    expect(failureIn(harness.east, eastern)).toMatchObject({ state: 'redriven', history: [{ outcome: 'east: applied' }] });
    expect(harness.east.document(INDEX, 'lamp-1')?.version).toBe(VERSION);
  });

  it('never overwrites a newer one', async () => {
    const harness = await redriveHarness();
    await store(harness.west, 'lamp-1', VERSION + 1024, { title: 'newer' });
    const id = await fail(harness.west);
    expect(await run(harness, { transform: mend, raiseEpoch: true, regions: ['west'] })).toMatchObject({ ok: true, counts: { superseded: 1 } });
    expect(harness.west.document(INDEX, 'lamp-1')).toMatchObject({ version: VERSION + 1024, source: { title: 'newer' } });
    expect(failureIn(harness.west, id)).toMatchObject({ state: 'redriven' });
  });

  it('that is patched beats the stored one of the same version only when its epoch is raised', async () => {
    const harness = await redriveHarness();
    await store(harness.west, 'lamp-1', VERSION, { title: 'as it was' });
    const id = await fail(harness.west);
    expect(await run(harness, { transform: mend })).toMatchObject({ counts: { applied: 1 } });
    expect(harness.west.document(INDEX, 'lamp-1')?.source).toEqual({ title: 'as it was' });
    await run(harness, { filter: { ids: [id], states: ['redriven'] }, transform: mend, raiseEpoch: true });
    for (const search of [harness.west, harness.east]) expect(search.document(INDEX, 'lamp-1')).toMatchObject({ version: VERSION + 1, source: { price: 12.5 } });
  });

  it('that is patched goes into every region, so that both hold the same', async () => {
    const harness = await redriveHarness();
    await fail(harness.west);
    await run(harness, { transform: mend });
    expect(harness.west.document(INDEX, 'lamp-1')?.source).toEqual(harness.east.document(INDEX, 'lamp-1')?.source);
  });

  it('that is patched gets the fingerprint of what it is now; one that goes as it is keeps its bytes', async () => {
    const harness = await redriveHarness();
    await fail(harness.west);
    await run(harness, { transform: mend, raiseEpoch: true });
    const stored = harness.west.document(INDEX, 'lamp-1');
    const { json, fingerprint } = contentOf(stored?.source as Record<string, unknown>);
    expect(fingerprint).toBe(fingerprintOf(json, { id: 'lamp-1', version: VERSION + 1, deleted: false }));
    const plain = await redriveHarness();
    await fail(plain.west, { payload: Buffer.from('{"title":"lamp","deleted":false}') });
    await run(plain);
    expect(plain.west.document(INDEX, 'lamp-1')?.source).not.toHaveProperty('fingerprint');
  });

  it('that is a tombstone says when it was written, so that a purge sees it; a live one says nothing', async () => {
    const harness = await redriveHarness({ ...systemClock, now: () => NOW });
    await fail(harness.west, { payload: Buffer.from('{"title":"lamp","deleted":true}'), documentId: 'gone', offset: 1 });
    await fail(harness.west, { payload: Buffer.from('{"title":"lamp","deleted":false}'), documentId: 'here', offset: 2 });
    await run(harness);
    expect(harness.west.document(INDEX, 'gone')?.source).toMatchObject({ deleted: true, origin: { role: 'redrive', tombstone_at: NOW } });
    expect(harness.west.document(INDEX, 'here')?.source?.['origin']).not.toHaveProperty('tombstone_at');
  });

  it('that is patched into a tombstone says so, too', async () => {
    const harness = await redriveHarness({ ...systemClock, now: () => NOW });
    await fail(harness.west);
    await run(harness, { transform: (document) => ({ ...(document as object), price: 1, deleted: true }), raiseEpoch: true });
    for (const search of [harness.west, harness.east]) expect(search.document(INDEX, 'lamp-1')?.source).toMatchObject({ deleted: true, origin: { tombstone_at: NOW } });
  });

  it('whose patch is refused by a region without a failure of its own stays open', async () => {
    const harness = await redriveHarness();
    await harness.east.call('DELETE', `/${INDEX}`);
    await harness.east.call('PUT', `/${INDEX}`, { mappings: { dynamic: 'strict', properties: { title: { type: 'keyword' } } } });
    const id = await fail(harness.west);
    expect(await run(harness, { transform: mend })).toMatchObject({ ok: false, counts: { rejected: 1 } });
    expect(failureIn(harness.west, id)).toMatchObject({ state: 'open' });
    expect(JSON.stringify(failureIn(harness.west, id)['history'])).toMatch(/west: applied; east: rejected: strict_dynamic/);
  });

  it('is left alone where the patch returns null, and stays open where the patch throws', async () => {
    const harness = await redriveHarness();
    const left = await fail(harness.west, { documentId: 'a', offset: 1 });
    const broken = await fail(harness.west, { documentId: 'b', offset: 2 });
    const report = await run(harness, { transform: (_, failure) => { if (failure.documentId === 'a') return null; throw new Error('no idea'); } });
    expect(report).toMatchObject({ ok: false, counts: { skipped: 1, rejected: 1 }, notDone: [{ reason: 'patch_failed: the patch threw: no idea' }] });
    expect(failureIn(harness.west, left)).not.toHaveProperty('history');
    expect(failureIn(harness.west, broken)).toMatchObject({ state: 'open', error: { type: 'document_parsing_exception' } });
  });

  it('with a raw newline goes in as one line; one with numbers beyond 2^53 is kept exactly, and no patch may touch it', async () => {
    const harness = await redriveHarness();
    await produce(harness.parts.regions.get('west')!.log, [{ ...record('lamp-1', VERSION, '{\n "title": 12345678901234567890\n}\n', { pipeline: 'things' }), topic: 't.documents.things', partition: 0 }]);
    const id = await fail(harness.west, { stage: 'precheck', index: null, payload: Buffer.from('{\n "title": 12345678901234567890\n}\n') });
    expect((await run(harness, { transform: mend })).notDone[0]?.reason).toMatch(/12345678901234567890, which JavaScript cannot hold/);
    expect(await run(harness)).toMatchObject({ ok: true, counts: { applied: 1 } });
    expect(failureIn(harness.west, id)).toMatchObject({ state: 'redriven' });
    expect(harness.west.seen.at(-1)?.operations[0]?.source?.toString()).toContain('{  "title": 12345678901234567890 ,"origin"');
  });

  it('whose index is not known and whose record is gone says so', async () => {
    const harness = await redriveHarness();
    await fail(harness.west, { stage: 'precheck', index: null });
    expect((await run(harness)).notDone[0]?.reason).toMatch(/index is not known, and the record is no longer in t.documents.things/);
  });

  it('of a schema that this code does not know stays open until newer code redrives it', async () => {
    const harness = await redriveHarness();
    const newer = record('lamp-1', VERSION, '{"title":"lamp"}', { pipeline: 'things', schema: 60_000 });
    await produce(harness.parts.regions.get('west')!.log, [{ ...newer, topic: 't.documents.things', partition: 0 }]);
    const id = await fail(harness.west, { stage: 'precheck', index: null, payload: Buffer.from('{"title":"lamp"}') });
    expect((await run(harness)).notDone[0]?.reason).toMatch(/^schema_unknown: the record has schema 60000/);
    expect(failureIn(harness.west, id)).toMatchObject({ state: 'open' });
  });

  it('that was refused before it was sent is redriven from what was kept of it where its record is gone', async () => {
    const harness = await redriveHarness();
    const id = await fail(harness.west, { stage: 'precheck', payload: Buffer.from('{"title":"lamp"}') });
    expect(await run(harness)).toMatchObject({ ok: true, counts: { applied: 1 } });
    expect(harness.west.document(INDEX, 'lamp-1')?.source).toMatchObject({ title: 'lamp' });
    expect(failureIn(harness.west, id)).toMatchObject({ state: 'redriven' });
  });

  it('is only ever written to indices of its own pipeline', async () => {
    const harness = await redriveHarness();
    await fail(harness.west, { index: '.security-7' });
    expect((await run(harness)).notDone[0]?.reason).toBe('index_unknown: .security-7 is no index of pipeline things');
    expect(harness.west.indices.has('.security-7')).toBe(false);
  });

  it('is sent again alone while the cluster is busy, and given back when the cluster stays in trouble', async () => {
    const harness = await redriveHarness();
    await fail(harness.west, { payload: Buffer.from('{"title":"a"}'), documentId: 'a', offset: 1 });
    harness.west.inject(ITEM_QUEUE_FULL, 2);
    expect(await run(harness, { patienceMs: 60_000 })).toMatchObject({ ok: true, counts: { applied: 1 } });
    const id = await fail(harness.west, { payload: Buffer.from('{"title":"b"}'), documentId: 'b', offset: 2 });
    const heal = harness.west.inject(ITEM_WRITE_BLOCK, 10_000);
    const held = await run(harness, { patienceMs: 50 });
    expect(held).toMatchObject({ ok: false, counts: { unavailable: 1 } });
    expect(held.stopped).toMatch(/west: held: cluster_block_exception/);
    expect(failureIn(harness.west, id)).toMatchObject({ state: 'open', history: [{ action: 'release' }] });
    heal();
    expect(await run(harness)).toMatchObject({ ok: true, counts: { applied: 1 } });
  });
});

describe('the share of the caps that a redrive borrows', () => {
  const payload = Buffer.from('{"title":"lamp","price":1}');

  it('paces what it writes into a region, and is given back afterwards', async () => {
    const harness = await redriveHarness();
    const seen: string[] = [];
    const of = (region: string) => ({ room: async () => { seen.push(`room in ${region}`); return 10; }, take: async (documents: number) => { seen.push(`${documents} into ${region}`); } });
    const share = { of, rest: () => { seen.push('rest'); } };
    await fail(harness.west, { payload, documentId: 'a', offset: 1 });
    await fail(harness.west, { payload, documentId: 'b', offset: 2 });
    expect(await redrive(request(), { ...harness.parts, share }, {}, new AbortController().signal)).toMatchObject({ ok: true, counts: { applied: 2 } });
    expect(seen).toEqual(['room in west', '2 into west', 'rest']);
  });

  it('holds up the region whose live traffic leaves nothing, alone: its failures stay open, with the reason', async () => {
    const harness = await redriveHarness();
    const share = sharesOf((region) => ({ ...FREE_SHARE, room: async () => (region === 'west' ? 0 : 10) }));
    const western = await fail(harness.west, { payload, offset: 1 });
    const eastern = await fail(harness.east, { payload, lane: 'west-east', documentId: 'c', offset: 2 });
    expect(await redrive(request(), { ...harness.parts, share }, {}, new AbortController().signal)).toMatchObject({ ok: false, counts: { applied: 1, unavailable: 1 }, stopped: expect.stringMatching(/^west: no share of the region's rate/) });
    expect(failureIn(harness.west, western)).toMatchObject({ state: 'open', history: [{ action: 'release' }] });
    expect(failureIn(harness.east, eastern)).toMatchObject({ state: 'redriven' });
  });

  it('is not asked for where only events are sent: they go through Kafka, at the lanes’ own rate', async () => {
    const harness = await redriveHarness();
    await failAtIngest(harness, '{"id":"x","version":7}');
    const share = sharesOf(() => ({ ...FREE_SHARE, room: async () => 0 }));
    expect(await redrive(request(), { ...harness.parts, share }, {}, new AbortController().signal)).toMatchObject({ ok: true, counts: { written: 1 } });
  });
});

describe('an event that failed at ingest', () => {
  it('goes through ingest as it is today into both regions, and is settled in both', async () => {
    const harness = await redriveHarness();
    const id = await failAtIngest(harness, '{"id":"x","version":7}');
    expect(await run(harness)).toMatchObject({ ok: true, failures: 2, cases: 1, counts: { written: 1 } });
    const written = ['west', 'east'].map((region) => harness.logs.get(region)!.records('t.documents.things'));
    expect(written.map((records) => records.length)).toEqual([1, 1]);
    expect(written[0]?.[0]?.value).toEqual(written[1]?.[0]?.value);
    expect(decodeEnvelope(written[0]?.[0]?.headers.get('sluice') as Buffer)).toMatchObject({ id: 'x', version: 7 * 1024 + 3, pipeline: 'things' });
    for (const search of [harness.west, harness.east]) expect(failureIn(search, id)).toMatchObject({ state: 'redriven', history: [{ outcome: 'west: written to Kafka; east: written to Kafka' }] });
  });

  it('that fails again is open again with its history, and no record is written', async () => {
    const harness = await redriveHarness();
    const id = await failAtIngest(harness, 'not json');
    expect(await run(harness)).toMatchObject({ ok: false, counts: { rejected: 1 } });
    expect(failureIn(harness.east, id)).toMatchObject({ state: 'open', error: { type: 'decode_error' }, history: [{ action: 'redrive', by: 'olga' }] });
    expect(harness.logs.get('west')!.records('t.documents.things')).toHaveLength(0);
  });

  it('can be patched from text that is no JSON; a raised epoch raises that of its version', async () => {
    const harness = await redriveHarness();
    await failAtIngest(harness, "{'id':'x','version':7}");
    await run(harness, { transform: (text) => String(text).replaceAll("'", '"'), raiseEpoch: true });
    const [written] = harness.logs.get('east')!.records('t.documents.things');
    expect(decodeEnvelope(written?.headers.get('sluice') as Buffer)?.version).toBe(7 * 1024 + 4);
  });

  it('is kept open while one region does not take it, and written again to both later', async () => {
    const harness = await redriveHarness();
    const id = await failAtIngest(harness, '{"id":"x","version":7}');
    harness.logs.get('east')!.failProduce(new SluiceError('KAFKA_UNAVAILABLE', 'east is away'));
    expect(await run(harness)).toMatchObject({ ok: false, stopped: 'east: east is away' });
    expect(failureIn(harness.west, id)).toMatchObject({ state: 'open', history: [{ action: 'release', outcome: 'west: written to Kafka; east: not reached: east is away' }] });
    harness.logs.get('east')!.failProduce(null);
    expect(await run(harness)).toMatchObject({ ok: true, counts: { written: 1 } });
  });

  it('that the pipeline leaves out on purpose is done', async () => {
    const harness = await redriveHarness();
    const id = await failAtIngest(harness, '{"id":"x","version":7,"do":"skip"}');
    expect(await run(harness)).toMatchObject({ ok: true, counts: { leftOut: 1 } });
    expect(failureIn(harness.west, id)).toMatchObject({ state: 'redriven', history: [{ outcome: 'the pipeline leaves it out: not wanted' }] });
  });
});

describe('several operators and several runs', () => {
  it('work on each failure once, however many run at the same time', async () => {
    const harness = await redriveHarness();
    const count = 250;
    for (let at = 0; at < count; at += 1) await fail(harness.west, { documentId: `d-${at}`, offset: at, payload: Buffer.from('{"title":"a"}'), time: FAILED_AT + at });
    const reports = await Promise.all(['olga', 'otto', 'oskar'].map((by) => run(harness, { by })));
    expect(reports.reduce((sum, report) => sum + report.counts.applied, 0)).toBe(count);
    expect(reports.reduce((sum, report) => sum + report.counts.superseded, 0)).toBe(0);
    const documents = [...harness.west.indices.get(FAILURE_INDEX)!.documents.values()];
    expect(documents.every(({ source }) => source?.['state'] === 'redriven' && (source['history'] as unknown[]).length === 1)).toBe(true);
  });

  it('leave what another run holds, until its claim has run out', async () => {
    const harness = await redriveHarness();
    const id = await fail(harness.west, { payload: Buffer.from('{"title":"a"}') });
    const claim = (at: number) => harness.west.indices.get(FAILURE_INDEX)!.update(id, { state: 'redriving', history: [{ at: new Date(at).toISOString(), by: 'otto', action: 'claim', outcome: 'run 1' }] }, null);
    claim(Date.now());
    expect(await run(harness)).toMatchObject({ ok: false, counts: { taken: 1 } });
    claim(Date.now() - CLAIM_LEASE_MS - 1);
    expect(await run(harness)).toMatchObject({ ok: true, counts: { applied: 1 } });
    expect(failureIn(harness.west, id)).toMatchObject({ state: 'redriven', history: [{ by: 'otto', action: 'claim' }, { by: 'olga', action: 'redrive' }] });
  });

  it('do nothing about what is done already, and the same when asked to do it again', async () => {
    const harness = await redriveHarness();
    await fail(harness.west, { payload: Buffer.from('{"title":"a"}') });
    await run(harness);
    expect(await run(harness)).toMatchObject({ ok: true, cases: 0 });
    expect(await run(harness, { filter: { states: ['redriven'] } })).toMatchObject({ ok: true, counts: { superseded: 1 } });
  });

  it('leave a failure open that came back while it was redriven', async () => {
    const harness = await redriveHarness();
    const facts = { payload: Buffer.from('{"title":"a"}') };
    const id = await fail(harness.west, facts);
    const transform: Transform = (document) => document;
    const original = harness.west.bulk.bind(harness.west);
    harness.west.bulk = async (asked) => {
      const answer = await original(asked);
      harness.west.bulk = original;
      await fail(harness.west, { ...facts, time: FAILED_AT + 60_000 });
      return answer;
    };
    expect(await run(harness, { transform })).toMatchObject({ ok: false, returned: 1 });
    expect(failureIn(harness.west, id)).toMatchObject({ state: 'open' });
  });

  it('stop between chunks when told to, and the next run takes the rest', async () => {
    const harness = await redriveHarness();
    for (let at = 0; at < 6; at += 1) await fail(harness.west, { documentId: `d-${at}`, offset: at, payload: Buffer.from('{"title":"a"}') });
    const stop = new AbortController();
    const report = await redrive(request({ rate: 2 }), harness.parts, { onCase: () => stop.abort() }, stop.signal);
    expect(report).toMatchObject({ ok: false, stopped: 'stopped by the operator', counts: { applied: 2 } });
    expect(await run(harness)).toMatchObject({ ok: true, cases: 4, counts: { applied: 4 } });
  });

  it('take no more than the limit, and say that there is more', async () => {
    const harness = await redriveHarness();
    for (let at = 0; at < 5; at += 1) await fail(harness.west, { documentId: `d-${at}`, offset: at, payload: Buffer.from('{"title":"a"}') });
    expect(await run(harness, { limit: 3 })).toMatchObject({ failures: 3, more: true, counts: { applied: 3 } });
    expect(await run(harness, { limit: 3 })).toMatchObject({ failures: 2, more: false, counts: { applied: 2 } });
  });
});
