import { BATCHES_INDEX, FAILURES_INDEX } from '../../domain/system-names.ts';
import type { Json, SearchAdmin } from '../../ports/search-index.ts';
import type { BatchFacts, FailureCount } from './observation.ts';

/** What counts as of late, ms. */
export const WINDOW_MS = 600_000;
const DAY_MS = 86_400_000;
const WEEK_MS = 7 * DAY_MS;
/** Groups (lanes × hosts × kinds) that are read at most. */
const MAX_GROUPS = 1_000;
const NOT_FOUND = 404;

interface Bucket { readonly key: Record<string, string | null>; readonly doc_count: number; readonly [aggregation: string]: unknown }
interface Asking { readonly search: SearchAdmin; readonly prefix: string; readonly now: number; readonly timeoutMs: number }

/** The batches of the last ten minutes by lane and host. Rejects with SluiceError `ELASTICSEARCH_*`. */
export async function recentBatches(asking: Asking): Promise<BatchFacts[]> {
  const buckets = await grouped(asking, BATCHES_INDEX, 'end_time', [asking.now - WINDOW_MS, asking.now], ['lane', 'host'], {
    last: { max: { field: 'end_time' } }, operations: { sum: { field: 'operations' } },
    rejected: { sum: { field: 'counts.rejected' } }, refused: { sum: { field: 'counts.refused' } },
  });
  return buckets.map((bucket) => ({
    lane: bucket.key['lane'] ?? '', host: bucket.key['host'] ?? '', lastEnd: valueOf(bucket, 'last'),
    operations: valueOf(bucket, 'operations'), failed: valueOf(bucket, 'rejected') + valueOf(bucket, 'refused'),
  }));
}

/** Operations by lane in the same ten minutes so many days ago. Rejects with SluiceError `ELASTICSEARCH_*`. */
export async function operationsBefore(asking: Asking, days: number): Promise<Map<string, number>> {
  const until = asking.now - days * DAY_MS;
  const buckets = await grouped(asking, BATCHES_INDEX, 'end_time', [until - WINDOW_MS, until], ['lane'], { operations: { sum: { field: 'operations' } } });
  return new Map(buckets.map((bucket) => [bucket.key['lane'] ?? '', valueOf(bucket, 'operations')]));
}

/** The failures of the last ten minutes by kind and host, without `firstSeen`. Rejects with SluiceError `ELASTICSEARCH_*`. */
export async function recentFailures(asking: Asking): Promise<Omit<FailureCount, 'firstSeen'>[]> {
  const buckets = await grouped(asking, FAILURES_INDEX, '@timestamp', [asking.now - WINDOW_MS, asking.now], ['lane', 'host', 'pipeline', 'stage', 'error.type'], {});
  return buckets.map(({ key, doc_count: count }) => ({ lane: key['lane'] ?? null, host: key['host'] ?? '', pipeline: key['pipeline'] ?? '', stage: key['stage'] ?? '', type: key['error.type'] ?? '', count }));
}

/** When each kind of failure (see `kindKey`) was first seen within a week, epoch ms. Rejects with SluiceError `ELASTICSEARCH_*`. */
export async function kindsOfWeek(asking: Asking): Promise<Map<string, number>> {
  const buckets = await grouped(asking, FAILURES_INDEX, '@timestamp', [asking.now - WEEK_MS, asking.now], ['pipeline', 'stage', 'error.type'], { first: { min: { field: '@timestamp' } } });
  return new Map(buckets.map((bucket) => [kindKey({ pipeline: bucket.key['pipeline'] ?? '', stage: bucket.key['stage'] ?? '', type: bucket.key['error.type'] ?? '' }), valueOf(bucket, 'first')]));
}

export function kindKey({ pipeline, stage, type }: Pick<FailureCount, 'pipeline' | 'stage' | 'type'>): string {
  return `${pipeline}\0${stage}\0${type}`;
}

/** By a field of time, between two moments. Without an end a host whose clock is ahead would have written of late for long after its last batch. */
async function grouped({ search, prefix, timeoutMs }: Asking, index: string, time: string, [from, to]: readonly [number, number], fields: readonly string[], aggs: Json): Promise<Bucket[]> {
  const sources = fields.map((field) => ({ [field]: { terms: { field, missing_bucket: true } } }));
  const range = { gte: new Date(from).toISOString(), lt: new Date(to).toISOString() };
  const body = { size: 0, query: { range: { [time]: range } }, aggs: { groups: { composite: { size: MAX_GROUPS, sources }, aggs } } };
  const answer = await search.call('POST', `/${prefix}${index}/_search`, body, { okStatuses: [NOT_FOUND], timeoutMs });
  if (answer.status === NOT_FOUND) return [];
  return ((answer.body['aggregations'] as Json | undefined)?.['groups'] as { buckets: Bucket[] } | undefined)?.buckets ?? [];
}

function valueOf(bucket: Bucket, name: string): number {
  return Number((bucket[name] as { value?: number | null } | undefined)?.value ?? 0);
}
