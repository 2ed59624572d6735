import { describe, expect, test } from 'vitest';
import type { Json, SearchAdmin } from '../../src/ports/search-index.ts';
import { compareRegion, compareRegions, MAX_LISTED } from '../../src/proof/compare.ts';
import type { ExpectedDocument, ExpectedDocuments } from '../../src/proof/expected.ts';

type Stored = ReadonlyMap<string, readonly ExpectedDocument[]>;

/** A region that answers what the comparison asks: index names, refresh, point in time, pages. */
class PagedRegion implements SearchAdmin {
  readonly #indices: Stored;
  readonly open = new Set<string>();

  constructor(indices: Readonly<Record<string, readonly ExpectedDocument[]>>) {
    this.#indices = new Map(Object.entries(indices));
  }

  async call(method: string, path: string, body?: Json | string): Promise<{ status: number; body: Json }> {
    const [, index = '', action = ''] = /^\/([^/?]+)(?:\/([^?]+))?/.exec(path) ?? [];
    if (action === '_alias') return answer(Object.fromEntries([...this.#indices.keys()].filter((name) => name.startsWith(index.slice(0, -1))).map((name) => [name, { aliases: {} }])));
    if (action === '_refresh') return answer({});
    if (action === '_pit') {
      this.open.add(index);
      return answer({ id: index });
    }
    if (method === 'DELETE') {
      this.open.delete(String((body as Json)['id']));
      return answer({});
    }
    if (index === '_search') return answer(this.#page(body as Json));
    throw new Error(`${method} ${path}`);
  }

  #page({ pit, size, search_after: after }: Json): Json {
    const index = String((pit as Json)['id']);
    if (!this.open.has(index)) throw new Error('no such point in time');
    const from = Array.isArray(after) ? Number(after[0]) + 1 : 0;
    const hits = (this.#indices.get(index) ?? []).slice(from, from + Number(size)).map(({ id, version, source }, at) =>
      ({ _id: id, _version: version, _source: { ...source, origin: { role: `primary of ${from}` } }, sort: [from + at] }));
    return { pit_id: index, hits: { hits } };
  }
}

function answer(body: Json): { status: number; body: Json } {
  return { status: 200, body };
}

function documents(count: number, change: (document: ExpectedDocument, at: number) => ExpectedDocument = (document) => document): ExpectedDocument[] {
  return Array.from({ length: count }, (_, at) => change({ id: `id-${at}`, version: at * 1_024, source: { title: `title ${at}`, category: { path: ['a', 'b'] }, paid_at: null, deleted: false } }, at));
}

function expectation(byPeriod: Readonly<Record<string, readonly ExpectedDocument[]>>): ExpectedDocuments {
  return {
    pipeline: 'sold-items',
    total: Object.values(byPeriod).flat().length,
    periods: Object.keys(byPeriod),
    async* documents(period) { yield* byPeriod[period] ?? []; },
  };
}

describe('a region compared with what is expected', () => {
  test('holds when everything but origin is equal, page by page, in any order', async () => {
    const region = new PagedRegion({ 'x.sold-items-2026.11.01': documents(4_500).reverse(), 'x.sold-items-2026.11.02': documents(2_000), 'x.other-2026.11': documents(1) });
    const result = await compareRegion(region, 'x.', expectation({ '2026.11.01': documents(4_500), '2026.11.02': documents(2_000) }));
    expect(result).toStrictEqual({ ok: true, expected: 6_500, found: 6_500, differences: 0, missing: [], unexpected: [], different: [] });
    expect(region.open.size).toBe(0);
  });

  test('names what is missing, what is too much, and each field that differs', async () => {
    const region = new PagedRegion({
      'sold-items-2026.11.01': documents(4, (document, at) => (at === 1 ? { ...document, version: 7, source: { ...document.source, category: { path: ['a', 'c'] }, extra: 1 } } : document)).slice(1),
      'sold-items-2026.11.09': documents(1, (document) => ({ ...document, id: 'stray' })),
    });
    const result = await compareRegion(region, '', expectation({ '2026.11.01': documents(4), '2026.11.02': documents(1, (document) => ({ ...document, id: 'elsewhere' })) }));
    expect(result).toMatchObject({ ok: false, expected: 5, found: 4, differences: 4, missing: ['id-0', 'elsewhere'], unexpected: ['stray'] });
    expect(result.different).toStrictEqual([
      { id: 'id-1', field: '_version', expected: 1_024, actual: 7 },
      { id: 'id-1', field: 'category.path.1', expected: 'b', actual: 'c' },
      { id: 'id-1', field: 'extra', expected: undefined, actual: 1 },
    ]);
  });

  test('tells null from absent and text from number', async () => {
    const region = new PagedRegion({ 'sold-items-2026': documents(1, (document) => ({ ...document, source: { ...document.source, paid_at: undefined, title: 0 } })) });
    const result = await compareRegion(region, '', expectation({ '2026': documents(1) }));
    expect(result.different.map(({ field }) => field).sort()).toStrictEqual(['paid_at', 'title']);
  });

  test('counts every difference and lists the first', async () => {
    const result = await compareRegion(new PagedRegion({}), '', expectation({ '2026': documents(1_000) }));
    expect(result).toMatchObject({ ok: false, expected: 1_000, found: 0, differences: 1_000 });
    expect(result.missing.length).toBe(MAX_LISTED);
  });
});

describe('two regions compared with each other', () => {
  test('are equal up to origin and the order of fields', async () => {
    const turned = documents(3_000, ({ id, version, source }) => ({ id, version, source: Object.fromEntries(Object.entries(source).reverse()) }));
    const [west, east] = [new PagedRegion({ 'sold-items-2026.11': documents(3_000) }), new PagedRegion({ 'sold-items-2026.11': turned })];
    expect(await compareRegions(west, east, '', 'sold-items')).toMatchObject({ ok: true, expected: 3_000, found: 3_000, differences: 0 });
  });

  test('differ by documents, versions and contents', async () => {
    const east = documents(5, (document, at) => (at === 1 ? { ...document, version: 1 } : at === 2 ? { ...document, source: {} } : document)).slice(1);
    const result = await compareRegions(new PagedRegion({ 'sold-items-2026.11': documents(4) }), new PagedRegion({ 'sold-items-2026.11': east }), '', 'sold-items');
    expect(result).toMatchObject({ ok: false, differences: 4, missing: ['id-0'], unexpected: ['id-4'] });
    expect(result.different.map(({ id }) => id)).toStrictEqual(['id-1', 'id-2']);
  });
});
