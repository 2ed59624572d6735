import { SluiceError } from '../domain/errors.ts';
import { BodyLimit, deliver, type DeliverTools, type Load } from '../indexing/deliver.ts';
import { Gate } from '../indexing/gate.ts';
import { UNSHADOWED } from '../indexing/newest.ts';
import type { Clock } from '../ports/clock.ts';
import type { Json, SearchCluster } from '../ports/search-index.ts';

/** Tombstones looked at and deleted with one request. */
const PAGE = 1_000;
const KEEP_ALIVE = '2m';

/** A tombstone as the search finds it. */
export interface Tombstone {
  readonly index: string;
  readonly id: string;
  readonly version: number;
}

export interface PurgeOptions {
  readonly cluster: SearchCluster;
  /** Index patterns of the pipelines, such as `sold-items-*`. */
  readonly patterns: readonly string[];
  /** Tombstones that came before this time are deleted, epoch ms. */
  readonly before: number;
  readonly dryRun: boolean;
  readonly clock: Clock;
  readonly random: () => number;
  readonly timeoutMs: number;
  readonly onProgress?: (report: PurgeReport) => void;
}

export interface PurgeReport {
  /** Tombstones old enough. */
  readonly found: number;
  readonly deleted: number;
  /** A newer version came in the meantime: left alone. */
  readonly superseded: number;
}

/**
 * Deletes tombstones that are older than the replay horizon: no record that could bring their documents back can still
 * come. Each delete carries the tombstone's own version, so a newer document is never touched. Safe to repeat and to stop.
 */
export async function purge(options: PurgeOptions, signal: AbortSignal): Promise<PurgeReport> {
  const { cluster, clock, random, timeoutMs } = options;
  const gate = new Gate({ clock, random, retryMinMs: 200, retryMaxMs: 10_000, probeMs: 2_000 });
  const tools: DeliverTools = { sink: cluster, gate, limit: new BodyLimit(), clock, timeoutMs, rejected: 'outcome' };
  let report: PurgeReport = { found: 0, deleted: 0, superseded: 0 };
  for await (const page of tombstones(options, signal)) {
    report = { ...report, found: report.found + page.length };
    if (!options.dryRun) {
      const { applied, superseded, rejected } = await deliver(deletesOf(page), tools, signal);
      const refused = rejected.values().next().value;
      if (refused !== undefined) throw new SluiceError('ELASTICSEARCH_REFUSED', `a tombstone cannot be deleted: ${refused.type}: ${refused.reason}`);
      report = { ...report, deleted: report.deleted + applied, superseded: report.superseded + superseded };
    }
    options.onProgress?.(report);
  }
  return report;
}

/** Pages of tombstones, from a point in time, so that deleting does not disturb the reading. */
async function* tombstones({ cluster, patterns, before }: PurgeOptions, signal: AbortSignal): AsyncGenerator<Tombstone[]> {
  const opened = await cluster.call('POST', `/${patterns.map(encodeURIComponent).join(',')}/_pit?keep_alive=${KEEP_ALIVE}&ignore_unavailable=true&allow_no_indices=true`, undefined, { signal });
  const pit = String(opened.body['id']);
  const query = { bool: { filter: [{ term: { deleted: true } }, { range: { 'origin.tombstone_at': { lt: before } } }] } };
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

/** Equal versions win under external_gte: the delete takes the tombstone, and nothing newer. */
function deletesOf(page: readonly Tombstone[]): Load {
  const lines = page.map(({ index, id, version }) => Buffer.from(`${JSON.stringify({ delete: { _index: index, _id: id, version, version_type: 'external_gte' } })}\n`));
  const body = Buffer.concat(lines);
  return { count: page.length, body, length: body.length, operationOf: () => 'delete', lines: (at) => lines[at] as Buffer, shadows: 0, winnerOver: () => UNSHADOWED };
}
