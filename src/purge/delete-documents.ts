import { SluiceError } from '../domain/errors.ts';
import { BodyLimit, deliver, type DeliverTools, type Load } from '../indexing/deliver.ts';
import { Gate } from '../indexing/gate.ts';
import { UNSHADOWED } from '../indexing/newest.ts';
import type { Clock } from '../ports/clock.ts';
import type { Json, SearchCluster } from '../ports/search-index.ts';
import type { RegionShare } from '../rate/borrowed-rate.ts';

/** Documents looked at and deleted with one request, at most, and no more than this much of the rate that there is, seconds: the point in time of the search must outlive them. */
const PAGE = 1_000;
const PAGE_SECONDS = 30;
const KEEP_ALIVE = '2m';
/** How long live traffic and searches are given way to, ms. */
const ROOM_PATIENCE_MS = 60_000;

/** A document as the search finds it. */
export interface Found {
  readonly index: string;
  readonly id: string;
  readonly version: number;
}

export interface DeleteParts {
  readonly cluster: SearchCluster;
  readonly dryRun: boolean;
  /** The share of the region's caps that deletes are sent with. */
  readonly share: RegionShare;
  readonly clock: Clock;
  readonly random: () => number;
  readonly timeoutMs: number;
  /** Those of a page that may be deleted; all of them when absent. */
  readonly mayGo?: (page: readonly Found[]) => Promise<readonly Found[]>;
}

export interface DeleteReport {
  /** Documents that answered the query. */
  readonly found: number;
  readonly deleted: number;
  /** Changed in the meantime: left alone. */
  readonly superseded: number;
  /** Those that may not be deleted yet. */
  readonly kept: number;
}

export const NO_DOCUMENTS: DeleteReport = { found: 0, deleted: 0, superseded: 0, kept: 0 };

/**
 * Deletes what answers the query in indices of these patterns. Each delete carries the version that was found, so that what
 * changed in the meantime is never touched. Safe to repeat and to stop. Rejects with SluiceError `ELASTICSEARCH_*`.
 */
export async function deleteDocuments(patterns: readonly string[], query: Json, parts: DeleteParts, signal: AbortSignal): Promise<DeleteReport> {
  const { cluster, clock, random, timeoutMs } = parts;
  const gate = new Gate({ clock, random, retryMinMs: 200, retryMaxMs: 10_000, probeMs: 2_000 });
  const tools: DeliverTools = { sink: cluster, gate, limit: new BodyLimit(), clock, timeoutMs, rejected: 'outcome', pace: (documents, bytes, stop) => parts.share.take(documents, bytes, stop) };
  let report = NO_DOCUMENTS;
  for await (const found of pagesOf(patterns, query, parts, signal)) {
    const page = await (parts.mayGo?.(found) ?? found);
    report = { ...report, found: report.found + found.length, kept: report.kept + found.length - page.length };
    if (parts.dryRun || page.length === 0) continue;
    const { applied, superseded, rejected } = await deliver(deletesOf(page), tools, signal);
    const refused = rejected.values().next().value;
    if (refused !== undefined) throw new SluiceError('ELASTICSEARCH_REFUSED', `a document cannot be deleted: ${refused.type}: ${refused.reason}`);
    report = { ...report, deleted: report.deleted + applied, superseded: report.superseded + superseded };
  }
  return report;
}

/** Pages of documents, from a point in time, so that deleting does not disturb the reading. */
async function* pagesOf(patterns: readonly string[], query: Json, parts: DeleteParts, signal: AbortSignal): AsyncGenerator<Found[]> {
  const { cluster } = parts;
  const opened = await cluster.call('POST', `/${patterns.map(encodeURIComponent).join(',')}/_pit?keep_alive=${KEEP_ALIVE}&ignore_unavailable=true&allow_no_indices=true`, undefined, { signal });
  const pit = String(opened.body['id']);
  try {
    let after: Json = {};
    // Where there is not even one document, nothing has to be borrowed.
    for (let size = parts.dryRun ? PAGE : 1; ;) {
      const { body } = await cluster.call('POST', '/_search', { size, query, version: true, _source: false, track_total_hits: false, sort: ['_shard_doc'], pit: { id: pit, keep_alive: KEEP_ALIVE }, ...after }, { signal });
      const hits = (body['hits'] as { hits: { _index: string; _id: string; _version: number; sort: unknown[] }[] }).hits;
      if (hits.length === 0) return;
      const next = await pageSize(parts, signal);
      yield hits.map(({ _index, _id, _version }) => ({ index: _index, id: _id, version: _version }));
      if (hits.length < size) return;
      after = { search_after: hits.at(-1)?.sort };
      size = next;
    }
  } finally {
    await cluster.call('DELETE', '/_pit', { id: pit }, { okStatuses: [404] });
  }
}

/** Rejects where live traffic and searches leave nothing: what was deleted stays deleted, and the next purge goes on. */
async function pageSize({ share, dryRun }: DeleteParts, signal: AbortSignal): Promise<number> {
  const room = dryRun ? Number.POSITIVE_INFINITY : await share.room(ROOM_PATIENCE_MS, signal);
  if (room === 0) throw new SluiceError('ELASTICSEARCH_UNAVAILABLE', `live traffic and searches left nothing of the region's rate within ${ROOM_PATIENCE_MS / 1_000} s: purge again when there is less to do`);
  return Math.max(1, Math.min(PAGE, Math.floor(room * PAGE_SECONDS)));
}

/** Equal versions win under external_gte: the delete takes the document that was found, and nothing newer. */
function deletesOf(page: readonly Found[]): Load {
  const lines = page.map(({ index, id, version }) => Buffer.from(`${JSON.stringify({ delete: { _index: index, _id: id, version, version_type: 'external_gte' } })}\n`));
  const body = Buffer.concat(lines);
  return { count: page.length, body, length: body.length, operationOf: () => 'delete', lines: (at) => lines[at] as Buffer, shadows: 0, winnerOver: () => UNSHADOWED };
}
