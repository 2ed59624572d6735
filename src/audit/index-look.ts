import { contentOf } from '../domain/content.ts';
import { FINGERPRINT, fingerprintOf } from '../domain/fingerprint.ts';
import type { Json, SearchAdmin } from '../ports/search-index.ts';
import type { Asking } from './asking.ts';
import type { Bucket, Look, Range, Seen, Totals } from './look.ts';
import { questionsOf } from './narrow.ts';

const PAGE = 2_000;
/** Contents are larger. */
const CONTENT_PAGE = 500;
const KEEP_ALIVE = '5m';
const NOT_FOUND = 404;
/** A part of the index that does not answer must not look like documents that are not there. */
const SEARCH = '/_search?allow_partial_search_results=false';
const NUMBERS_ONLY = `${SEARCH}&filter_path=hits.total,aggregations.*.buckets.key,aggregations.*.buckets.doc_count,aggregations.*.buckets.sum.value,aggregations.*.value,aggregations.*.doc_count`;
const IDS_ONLY = `${SEARCH}&filter_path=pit_id,hits.hits._id,hits.hits._version,hits.hits.fields,hits.hits.sort`;

interface Hit {
  readonly _id: string;
  readonly _version: number;
  readonly fields?: { readonly [FINGERPRINT]?: readonly number[] };
  readonly _source?: Record<string, unknown>;
  readonly sort: readonly unknown[];
}

/** Opens an index as it is now; what was written before, everybody sees: it is refreshed first. */
export async function openLook(search: SearchAdmin, asking: Asking, index: string): Promise<Look> {
  const { status } = await search.call('POST', `/${index}/_refresh`, undefined, { okStatuses: [NOT_FOUND] });
  if (status === NOT_FOUND) return EMPTY;
  const { body } = await search.call('POST', `/${index}/_pit?keep_alive=${KEEP_ALIVE}`);
  return new IndexLook(search, asking, String(body['id']));
}

async function* nothing(): AsyncIterable<Seen> { /* an index that is not there */ }

const EMPTY: Look = {
  totals: () => Promise.resolve({ documents: 0, sum: 0, unprinted: 0 }),
  buckets: () => Promise.resolve([]),
  printed: nothing,
  contents: nothing,
  close: () => Promise.resolve(),
};

class IndexLook implements Look {
  readonly #search: SearchAdmin;
  readonly #asking: Asking;
  #pit: string;
  #totals: Promise<Totals> | null = null;

  constructor(search: SearchAdmin, asking: Asking, pit: string) {
    this.#search = search;
    this.#asking = asking;
    this.#pit = pit;
  }

  totals(): Promise<Totals> {
    this.#totals ??= this.#askTotals();
    return this.#totals;
  }

  async #askTotals(): Promise<Totals> {
    const body = await this.#asking.askNumbers(NUMBERS_ONLY, { size: 0, track_total_hits: true, pit: this.#at(), aggs: { sum: { sum: { field: FINGERPRINT } }, unprinted: { missing: { field: FINGERPRINT } } } });
    const { sum, unprinted } = body['aggregations'] as { sum: { value: number }; unprinted: { doc_count: number } };
    return { documents: (body['hits'] as { total: { value: number } }).total.value, sum: sum.value, unprinted: unprinted.doc_count };
  }

  async buckets(ranges: readonly Range[], interval: number): Promise<Bucket[]> {
    const histogram = { field: FINGERPRINT, interval, min_doc_count: 1 };
    const body = await this.#asking.askNumbers(NUMBERS_ONLY, { size: 0, track_total_hits: false, pit: this.#at(), query: within(ranges), aggs: { prints: { histogram, aggs: { sum: { sum: { field: FINGERPRINT } } } } } });
    const { prints } = (body['aggregations'] ?? { prints: { buckets: [] } }) as { prints: { buckets?: { key: number; doc_count: number; sum: { value: number } }[] } };
    return (prints.buckets ?? []).map(({ key, doc_count: documents, sum }) => ({ from: key, documents, sum: sum.value }));
  }

  async* printed(ranges: readonly Range[]): AsyncIterable<Seen> {
    for (const some of questionsOf(ranges)) {
      const question = { query: within(some), version: true, _source: false, docvalue_fields: [FINGERPRINT] };
      for await (const { _id: id, _version, fields } of this.#pages(IDS_ONLY, PAGE, question, false)) yield { id, mark: `${_version} ${String(fields?.[FINGERPRINT]?.[0])}` };
    }
  }

  async* contents(of: 'all' | 'unprinted', slice: { at: number; of: number }): AsyncIterable<Seen> {
    const query = of === 'all' ? { match_all: {} } : { bool: { must_not: [{ exists: { field: FINGERPRINT } }] } };
    const sliced = slice.of === 1 ? {} : { slice: { field: '_id', id: slice.at, max: slice.of } };
    for await (const { _id: id, _version: version, _source = {} } of this.#pages(SEARCH, CONTENT_PAGE, { query, version: true, ...sliced }, true)) {
      const { json, deleted } = contentOf(_source);
      yield { id, mark: `${version} ${fingerprintOf(json, { id, version, deleted })}` };
    }
  }

  async close(): Promise<void> {
    await this.#search.call('DELETE', '/_pit', { id: this.#pit }, { okStatuses: [NOT_FOUND] });
  }

  async* #pages(path: string, size: number, question: Json, exactly: boolean): AsyncIterable<Hit> {
    let after: Json = {};
    for (;;) {
      const full = { ...question, size, track_total_hits: false, sort: ['_shard_doc'], pit: this.#at(), ...after };
      const body = await (exactly ? this.#asking.ask(path, full) : this.#asking.askNumbers(path, full));
      if (typeof body['pit_id'] === 'string') this.#pit = body['pit_id'];
      const hits = ((body['hits'] as { hits?: Hit[] } | undefined)?.hits ?? []);
      yield* hits;
      const last = hits.at(-1);
      if (last === undefined || hits.length < size) return;
      after = { search_after: last.sort };
    }
  }

  #at(): Json {
    return { id: this.#pit, keep_alive: KEEP_ALIVE };
  }
}

function within(ranges: readonly Range[]): Json {
  return { bool: { filter: [{ bool: { should: ranges.map(({ from, to }) => ({ range: { [FINGERPRINT]: { gte: from, lt: to } } })) } }] } };
}
