import { beforeAll, describe, expect, it } from 'vitest';
import { missedEvents } from '../../backfill/missed-events/case.ts';
import { soldItems } from '../../pipelines/sold-items/pipeline.ts';
import { defineCase } from '../../src/backfill/case.ts';
import { verdictOf } from '../../src/backfill/verdict.ts';
import { verify } from '../../src/backfill/verify.ts';
import type { VerifiedRegion } from '../../src/backfill/verify-tally.ts';
import type { Json } from '../../src/ports/search-index.ts';
import { MemoryObjectStore } from '../support/memory-object-store.ts';
import { MemorySearch } from '../support/memory-search.ts';
import { blocksOf, expectedDocuments, loadOf, NEVER, prepared, warehouse, type Prepared } from './workbench.ts';

describe('verify', () => {
  let folder: string;
  let expected: Awaited<ReturnType<typeof expectedDocuments>>;
  beforeAll(async () => {
    folder = await warehouse();
    expected = await expectedDocuments();
  });

  async function loaded(one = missedEvents, search = new MemorySearch()): Promise<{ store: MemoryObjectStore; made: Prepared; search: MemorySearch }> {
    const store = new MemoryObjectStore();
    const made = await prepared(store, folder, { case: one });
    await (await loadOf(store, made, search, { case: one })).run(NEVER);
    return { store, made, search };
  }
  async function verified({ store, made, search }: Awaited<ReturnType<typeof loaded>>, sample = 1, one = missedEvents): Promise<VerifiedRegion> {
    const blocks = await blocksOf(store, made, one);
    const regions = await verify({ ...made, case: one, pipeline: soldItems, prefix: '', regions: new Map([['west', search]]), read: (group) => blocks.read(group), sample }, NEVER);
    return regions['west'] as VerifiedRegion;
  }
  function documentAt(search: MemorySearch, at: number): { id: string; stored: { version: number; source: Json | null }; forget: () => void } {
    const { id, index } = [...expected.values()].filter(({ source }) => source['deleted'] === false)[at] as { id: string; index: string };
    return { id, stored: search.document(index, id) as unknown as { version: number; source: Json }, forget: () => void search.indices.get(index)?.documents.delete(id) };
  }

  it('finds nothing where everything is there, and tells how many documents stand in each index', async () => {
    const ground = await loaded();
    const found = await verified(ground);
    expect(found).toMatchObject({ ok: true, findings: [], withoutNewFields: { documents: 0 } });
    expect(found.days.map(({ index, day }) => `${index} ${day}`)).toEqual(['sold-items-2026.11.02 2026-11-02', 'sold-items-2026.11.03 2026-11-03']);
    expect(found.days.reduce((sum, { same }) => sum + same, 0)).toBe(expected.size);
    for (const { compared, rows, fingerprint } of found.days) expect([compared, fingerprint.index]).toEqual([rows, fingerprint.extract]);
    expect(found.indices.reduce((sum, { documents }) => sum + documents, 0)).toBe(expected.size);
  });

  it('takes no document for missing that it could not read', async () => {
    const ground = await loaded();
    const call = ground.search.call.bind(ground.search);
    ground.search.call = async (method, path, ...rest) => {
      const answer = await call(method, path, ...rest);
      const docs = answer.body['docs'] as Json[] | undefined;
      if (docs !== undefined) docs[0] = { _id: docs[0]?.['_id'], error: { type: 'index_closed_exception', reason: 'closed' } };
      return answer;
    };
    await expect(verified(ground)).rejects.toThrow(/cannot be read: index_closed_exception: closed/);
  });

  it('tells what is missing, older, different, and superseded, with file, row group and row', async () => {
    const ground = await loaded();
    const [missing, older, different, live, revised] = [0, 1, 2, 3, 4].map((at) => documentAt(ground.search, at));
    missing!.forget();
    older!.stored.version -= 1_024;
    different!.stored.source = { ...different!.stored.source, title: 'another' };
    live!.stored.version += 1_024;
    live!.stored.source = { ...live!.stored.source, origin: { role: 'primary' } };
    revised!.stored.version += 1;
    revised!.stored.source = { ...revised!.stored.source, origin: { role: 'backfill', cycle: 'later' } };
    const found = await verified(ground);
    expect(found.ok).toBe(false);
    const finding = (id: string): unknown => found.findings.find((one) => one.id === id);
    const [file] = ground.made.manifest.files;
    expect(finding(missing!.id)).toMatchObject({ kind: 'missing', found: null, file: file?.key, rowGroup: 0, row: expect.any(Number) as number });
    expect(finding(older!.id)).toMatchObject({ kind: 'older', found: older!.stored.version, version: older!.stored.version + 1_024 });
    expect(finding(different!.id)).toMatchObject({ kind: 'different', detail: expect.stringContaining('title: "another"') as string });
    expect(finding(live!.id)).toMatchObject({ kind: 'superseded', detail: 'a newer event, by live' });
    expect(finding(revised!.id)).toMatchObject({ kind: 'superseded', detail: 'the same event in data revision 1, not 0, by backfill later' });
    const [day] = found.days;
    expect(day).toMatchObject({ missing: 1, older: 1, different: 1, superseded: { live: 1, 'backfill later': 1 }, failed: 0 });
    expect(day?.fingerprint.index).not.toBe(day?.fingerprint.extract);
  });

  it('compares a sample of the documents whole', async () => {
    const ground = await loaded();
    const found = await verified(ground, 0.3);
    const compared = found.days.reduce((sum, day) => sum + day.compared, 0);
    expect(compared).toBeGreaterThan(0);
    expect(compared).toBeLessThan(expected.size);
    for (const { id, index } of expected.values()) {
      const stored = ground.search.document(index, id) as unknown as { source: Json };
      stored.source = { ...stored.source, listing_id: 'another' };
    }
    expect((await verified(ground, 0)).ok).toBe(true);
    expect((await verified(ground, 0.3)).days.reduce((sum, day) => sum + day.different, 0)).toBe(compared);
  });

  it('compares the fingerprints of all; a document of before there were any is taken by its version', async () => {
    const ground = await loaded();
    const [changed, old] = [documentAt(ground.search, 0), documentAt(ground.search, 1)];
    changed.stored.source = { ...changed.stored.source, fingerprint: 7 };
    const { fingerprint: _, ...before } = old.stored.source as Json & { fingerprint: number };
    old.stored.source = before;
    const found = await verified(ground, 0);
    expect(found.findings).toMatchObject([{ kind: 'different', id: changed.id, detail: expect.stringContaining('fingerprint: 7, not ') as string }]);
    expect((await verified(ground, 1)).findings).toHaveLength(1);
  });

  it('tells rows that are in the failure index: those that were no documents, and those that Elasticsearch rejected', async () => {
    const alive = [...expected.values()].filter(({ source }) => source['deleted'] === false);
    const [victim, refused] = [String(alive[0]?.source['listing_id']), alive.find(({ source }) => source['listing_id'] !== alive[0]?.source['listing_id'])];
    const broken = defineCase({ ...missedEvents, event: (row) => {
      if (row['listingId'] === victim) throw new TypeError('no good');
      return missedEvents.event(row);
    } });
    const search = new MemorySearch({ reject: (document) => (document['listing_id'] === refused?.source['listing_id'] ? { type: 'document_parsing_exception', reason: 'no' } : null) });
    const ground = await loaded(broken, search);
    const found = await verified(ground, 1, broken);
    expect(found.ok).toBe(false);
    expect(found.days.reduce((sum, day) => sum + day.missing, 0)).toBe(0);
    const details = found.findings.map(({ kind, detail }) => `${kind} ${detail}`);
    expect(details).toContainEqual(expect.stringContaining('failed open failure at decode: TypeError: no good'));
    expect(details).toContainEqual(expect.stringContaining('failed open failure at index: document_parsing_exception: no'));
    expect(found.findings.find(({ detail }) => detail.includes('at index'))).toMatchObject({ id: refused?.id, version: refused?.version });
  });

  it('tells which documents lack a new field because the warehouse has no row for them', async () => {
    const ground = await loaded();
    const index = expected.values().next().value?.index as string;
    const action = { index: { _index: index, _id: 'stranger-1', version: 5, version_type: 'external' } };
    await ground.search.bulk({ body: Buffer.from(`${JSON.stringify(action)}\n{"title":"live","deleted":false,"origin":{"role":"primary"}}\n`), detail: 'terse', timeoutMs: 1_000 });
    const found = await verified(ground, 0, defineCase({ ...missedEvents, newFields: ['shop'] }));
    expect(found).toMatchObject({ ok: true, withoutNewFields: { documents: 1, ids: ['stranger-1'] } });
  });
});

it('without epochs every higher version is a newer event', () => {
  const wanted = { id: 'a', version: 5, operation: 'index' as const, body: () => ({}) };
  expect(verdictOf(wanted, { version: 6, source: { origin: { role: 'redrive' } } }, { compared: true, epochs: false })).toEqual({ kind: 'superseded', version: 6, by: 'redrive', why: 'a newer event' });
});
