import type { Json, SearchAdmin } from '../ports/search-index.ts';

/** A document as a region holds it, tombstones included. */
export interface FoundDocument {
  readonly id: string;
  readonly version: number;
  /** Every field but `origin` and `fingerprint`. */
  readonly source: Readonly<Record<string, unknown>>;
}

const PAGE = 2_000;
const KEEP_ALIVE = '2m';
const TIMEOUT_MS = 60_000;

/** The indices `<base>-<period>` of a region, and of each the period, in order. */
export async function periodsOf(region: SearchAdmin, base: string): Promise<string[]> {
  const { status, body } = await region.call('GET', `/${base}-*/_alias`, undefined, { okStatuses: [404], timeoutMs: TIMEOUT_MS });
  if (status === 404) return [];
  return Object.keys(body).map((index) => index.slice(base.length + 1)).filter((period) => /^[0-9]{4}([.][0-9]{2}){0,2}$/.test(period)).sort();
}

/** Every document of an index as of one point in time, refreshed before; in no particular order, a page in memory. */
export async function* documentsIn(region: SearchAdmin, index: string): AsyncGenerator<FoundDocument, void, undefined> {
  await region.call('POST', `/${index}/_refresh`, undefined, { timeoutMs: TIMEOUT_MS });
  const opened = await region.call('POST', `/${index}/_pit?keep_alive=${KEEP_ALIVE}`, undefined, { timeoutMs: TIMEOUT_MS });
  let pit = String(opened.body['id']);
  let after: unknown;
  try {
    for (;;) {
      const { body } = await region.call('POST', '/_search', pageRequest(pit, after), { timeoutMs: TIMEOUT_MS });
      const hits = hitsOf(body);
      pit = typeof body['pit_id'] === 'string' ? body['pit_id'] : pit;
      for (const hit of hits) yield foundIn(hit);
      const last = hits.at(-1);
      if (last === undefined || hits.length < PAGE) return;
      after = last['sort'];
    }
  } finally {
    await region.call('DELETE', '/_pit', { id: pit }, { okStatuses: [404], timeoutMs: TIMEOUT_MS });
  }
}

function pageRequest(pit: string, after: unknown): Json {
  return {
    size: PAGE, pit: { id: pit, keep_alive: KEEP_ALIVE }, sort: [{ _shard_doc: 'asc' }], version: true, track_total_hits: false,
    ...(after === undefined ? {} : { search_after: after }),
  };
}

function hitsOf(body: Json): readonly Json[] {
  const outer = body['hits'] as Json | undefined;
  return (outer?.['hits'] ?? []) as readonly Json[];
}

function foundIn(hit: Json): FoundDocument {
  const { origin: _origin, fingerprint: _fingerprint, ...source } = hit['_source'] as Record<string, unknown>;
  return { id: String(hit['_id']), version: Number(hit['_version']), source };
}
