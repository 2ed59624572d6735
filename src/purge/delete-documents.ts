import { SluiceError } from '../domain/errors.ts';
import { BodyLimit, deliver, type DeliverTools, type Load } from '../indexing/deliver.ts';
import { Gate } from '../indexing/gate.ts';
import { UNSHADOWED } from '../indexing/newest.ts';
import type { Clock } from '../ports/clock.ts';
import type { Json, SearchCluster } from '../ports/search-index.ts';

/** Documents looked at and deleted with one request. */
const PAGE = 1_000;
const KEEP_ALIVE = '2m';

/** A document as the search finds it. */
interface Found {
  readonly index: string;
  readonly id: string;
  readonly version: number;
}

export interface DeleteParts {
  readonly cluster: SearchCluster;
  readonly dryRun: boolean;
  readonly clock: Clock;
  readonly random: () => number;
  readonly timeoutMs: number;
}

export interface DeleteReport {
  /** Documents that answered the query. */
  readonly found: number;
  readonly deleted: number;
  /** Changed in the meantime: left alone. */
  readonly superseded: number;
}

/**
 * Deletes what answers the query in indices of these patterns. Each delete carries the version that was found, so that what
 * changed in the meantime is never touched. Safe to repeat and to stop. Rejects with SluiceError `ELASTICSEARCH_*`.
 */
export async function deleteDocuments(patterns: readonly string[], query: Json, parts: DeleteParts, signal: AbortSignal): Promise<DeleteReport> {
  const { cluster, clock, random, timeoutMs } = parts;
  const gate = new Gate({ clock, random, retryMinMs: 200, retryMaxMs: 10_000, probeMs: 2_000 });
  const tools: DeliverTools = { sink: cluster, gate, limit: new BodyLimit(), clock, timeoutMs, rejected: 'outcome' };
  let report: DeleteReport = { found: 0, deleted: 0, superseded: 0 };
  for await (const page of pagesOf(patterns, query, cluster, signal)) {
    report = { ...report, found: report.found + page.length };
    if (parts.dryRun) continue;
    const { applied, superseded, rejected } = await deliver(deletesOf(page), tools, signal);
    const refused = rejected.values().next().value;
    if (refused !== undefined) throw new SluiceError('ELASTICSEARCH_REFUSED', `a document cannot be deleted: ${refused.type}: ${refused.reason}`);
    report = { ...report, deleted: report.deleted + applied, superseded: report.superseded + superseded };
  }
  return report;
}

/** Pages of documents, from a point in time, so that deleting does not disturb the reading. */
async function* pagesOf(patterns: readonly string[], query: Json, cluster: SearchCluster, signal: AbortSignal): AsyncGenerator<Found[]> {
  const opened = await cluster.call('POST', `/${patterns.map(encodeURIComponent).join(',')}/_pit?keep_alive=${KEEP_ALIVE}&ignore_unavailable=true&allow_no_indices=true`, undefined, { signal });
  const pit = String(opened.body['id']);
  try {
    let after: Json = {};
    for (;;) {
      const { body } = await cluster.call('POST', '/_search', { size: PAGE, query, version: true, _source: false, track_total_hits: false, sort: ['_shard_doc'], pit: { id: pit, keep_alive: KEEP_ALIVE }, ...after }, { signal });
      const hits = (body['hits'] as { hits: { _index: string; _id: string; _version: number; sort: unknown[] }[] }).hits;
      if (hits.length > 0) yield hits.map(({ _index, _id, _version }) => ({ index: _index, id: _id, version: _version }));
      if (hits.length < PAGE) return;
      after = { search_after: hits.at(-1)?.sort };
    }
  } finally {
    await cluster.call('DELETE', '/_pit', { id: pit }, { okStatuses: [404] });
  }
}

/** Equal versions win under external_gte: the delete takes the document that was found, and nothing newer. */
function deletesOf(page: readonly Found[]): Load {
  const lines = page.map(({ index, id, version }) => Buffer.from(`${JSON.stringify({ delete: { _index: index, _id: id, version, version_type: 'external_gte' } })}\n`));
  const body = Buffer.concat(lines);
  return { count: page.length, body, length: body.length, operationOf: () => 'delete', lines: (at) => lines[at] as Buffer, shadows: 0, winnerOver: () => UNSHADOWED };
}
