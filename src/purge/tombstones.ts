import { FAILURES_INDEX } from '../domain/system-names.ts';
import { refuseUnread, type UnreadDocument } from '../domain/unread.ts';
import type { SearchAdmin } from '../ports/search-index.ts';
import { deleteDocuments, type DeleteParts, type DeleteReport, type Found } from './delete-documents.ts';

const DAY_MS = 86_400_000;

export interface TombstoneParts extends DeleteParts {
  /** All other regions: who still lacks the removal would give the document back. */
  readonly others: ReadonlyMap<string, SearchAdmin>;
}

/**
 * Deletes tombstones in indices of these patterns (such as `sold-items-*`) that came before a time (epoch ms), from which on no
 * record that could bring their documents back can still come; one that another region has an older copy beside stays.
 * Rejects with SluiceError `ELASTICSEARCH_*`, also where another region does not answer.
 */
export async function purgeTombstones(patterns: readonly string[], before: number, parts: TombstoneParts, signal: AbortSignal): Promise<DeleteReport> {
  const query = { bool: { filter: [{ term: { deleted: true } }, { range: { 'origin.tombstone_at': { lt: before } } }] } };
  return await deleteDocuments(patterns, query, { ...parts, mayGo: (page) => removedEverywhere(page, parts.others, signal) }, signal);
}

/**
 * Since when tombstones have to stay because of a failure that is still open (epoch ms), a day before its record: redriven, it would
 * find nothing that is newer. Null where none is open. Rejects where a region does not answer.
 */
export async function oldestOpenFailure(prefix: string, regions: ReadonlyMap<string, SearchAdmin>, signal: AbortSignal): Promise<number | null> {
  const question = { size: 1, query: { bool: { filter: [{ terms: { state: ['open', 'redriving'] } }, { exists: { field: 'source.timestamp' } }] } }, sort: [{ 'source.timestamp': 'asc' }], _source: ['source.timestamp'] };
  const times = await Promise.all([...regions.values()].map(async (cluster) => {
    const { body } = await cluster.call('POST', `/${prefix}${FAILURES_INDEX}-*/_search?ignore_unavailable=true`, question, { signal });
    const [hit] = (body['hits'] as { hits: { _source: { source: { timestamp: string } } }[] }).hits;
    return hit === undefined ? [] : [Date.parse(hit._source.source.timestamp) - DAY_MS];
  }));
  const all = times.flat();
  return all.length === 0 ? null : Math.min(...all);
}

async function removedEverywhere(page: readonly Found[], others: ReadonlyMap<string, SearchAdmin>, signal: AbortSignal): Promise<Found[]> {
  const docs = page.map(({ index, id }) => ({ _index: index, _id: id }));
  const lacking = new Set<number>();
  await Promise.all([...others].map(async ([region, cluster]) => {
    const { body } = await cluster.call('POST', '/_mget?_source=false', { docs }, { signal });
    for (const [at, { found, _version, error }] of (body['docs'] as { found?: boolean; _version?: number; error?: UnreadDocument }[]).entries()) {
      refuseUnread(`${page[at]?.index}/${page[at]?.id} of ${region}`, error);
      if (found === true && (_version ?? 0) < (page[at]?.version ?? 0)) lacking.add(at);
    }
  }));
  return page.filter((_, at) => !lacking.has(at));
}
