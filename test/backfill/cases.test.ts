import { beforeAll, describe, expect, it } from 'vitest';
import { bugFix } from '../../backfill/bug-fix/case.ts';
import { missedEvents } from '../../backfill/missed-events/case.ts';
import { newField } from '../../backfill/new-field/case.ts';
import { soldItems } from '../../pipelines/sold-items/pipeline.ts';
import type { BackfillCase } from '../../src/backfill/case.ts';
import { verify } from '../../src/backfill/verify.ts';
import { OWN_REFERENCE } from '../../src/lookups/lookups.ts';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Json } from '../../src/ports/search-index.ts';
import { MemoryObjectStore } from '../support/memory-object-store.ts';
import { MemorySearch } from '../support/memory-search.ts';
import { blocksOf, expectedDocuments, loadOf, NEVER, prepared, warehouse } from './workbench.ts';

/** A region after these cases, one cycle each. */
async function regionAfter(folder: string, cases: readonly BackfillCase[], search = new MemorySearch()): Promise<MemorySearch> {
  for (const one of cases) {
    const store = new MemoryObjectStore();
    const made = await prepared(store, folder, { case: one, cycle: one.name });
    await (await loadOf(store, made, search, { case: one })).run(NEVER);
  }
  return search;
}

describe('the cases that come with the project', () => {
  let folder: string;
  let expected: Awaited<ReturnType<typeof expectedDocuments>>;
  let bands: Map<string, string>;
  beforeAll(async () => {
    folder = await warehouse();
    expected = await expectedDocuments();
    const sellers = (await readFile(join(OWN_REFERENCE, 'sellers.ndjson'), 'utf8')).trim().split('\n').map((line) => JSON.parse(line) as { id: string; feedback: number });
    bands = new Map(sellers.map(({ id, feedback }) => [id, feedback >= 99 ? 'top' : feedback >= 95 ? 'good' : 'fair']));
  });
  const alive = () => [...expected.values()].filter(({ source }) => source['deleted'] === false);
  const bodyIn = (search: MemorySearch, index: string, id: string): Json => {
    const { origin: _origin, fingerprint: _fingerprint, ...body } = search.document(index, id)?.source as Json & { origin: Json };
    return body;
  };

  it('bug-fix recomputes what old code got wrong, and leaves newer events as they are', async () => {
    const search = await regionAfter(folder, [missedEvents]);
    const [wrong, newer] = alive();
    const stored = (one: typeof wrong): { version: number; source: Json } => search.document(one!.index, one!.id) as unknown as { version: number; source: Json };
    stored(wrong).source = { ...stored(wrong).source, price_usd: -1 };
    stored(newer).source = { ...stored(newer).source, price_usd: -1 };
    stored(newer).version += 1_024;
    await regionAfter(folder, [bugFix], search);
    expect(bodyIn(search, wrong!.index, wrong!.id)).toEqual(wrong!.source);
    expect(stored(wrong).version).toBe(wrong!.version + 1);
    expect(bodyIn(search, newer!.index, newer!.id)).toMatchObject({ price_usd: -1 });
    for (const { id, index, version, source } of expected.values()) if (source['deleted'] === true) expect(search.document(index, id)?.version).toBe(version);
  });

  it('new-field rebuilds documents with what the join gives, whichever case came before or comes after', async () => {
    for (const order of [[missedEvents, newField], [newField, missedEvents, bugFix], [bugFix, newField]]) {
      const search = await regionAfter(folder, order);
      expect(alive().length).toBeGreaterThan(100);
      for (const { id, index, version, source } of alive()) {
        expect(bodyIn(search, index, id)).toEqual({ ...source, seller_band: bands.get((source['seller'] as { id: string }).id) });
        expect(search.document(index, id)?.version).toBe(version + 2);
      }
    }
  });

  it('new-field tells the documents that the warehouse lacks, and a row without a seller fails alone', async () => {
    const store = new MemoryObjectStore();
    const search = await regionAfter(folder, [missedEvents]);
    const sellerless = String(alive()[0]?.source['listing_id']);
    const one: BackfillCase = { ...newField, fields: (row) => newField.fields!(row['listingId'] === sellerless ? { ...row, sellerBand: null } : row) };
    const made = await prepared(store, folder, { case: one });
    const index = alive()[0]?.index ?? '';
    await search.bulk({ body: Buffer.from(`${JSON.stringify({ index: { _index: index, _id: 'stranger-1', version: 5, version_type: 'external' } })}\n{"title":"live","deleted":false,"origin":{"role":"primary"}}\n`), detail: 'terse', timeoutMs: 1_000 });
    await (await loadOf(store, made, search, { case: one })).run(NEVER);
    const blocks = await blocksOf(store, made, one);
    const { west } = await verify({ ...made, case: one, pipeline: soldItems, prefix: '', regions: new Map([['west', search]]), read: (group) => blocks.read(group), sample: 1 }, NEVER);
    const failed = alive().filter(({ source }) => source['listing_id'] === sellerless);
    expect(west?.withoutNewFields.ids).toContain('stranger-1');
    expect(west?.withoutNewFields.documents).toBe(1 + failed.length);
    expect(west?.findings.filter(({ kind }) => kind === 'failed').map(({ detail }) => detail)).toEqual(failed.map(() => expect.stringContaining('the warehouse has no seller') as string));
    expect(west?.findings.filter(({ kind }) => kind !== 'failed')).toEqual([]);
  });
});
