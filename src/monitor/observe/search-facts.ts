import type { Json, SearchAdmin } from '../../ports/search-index.ts';
import type { ElasticsearchFacts } from './observation.ts';

/** Asks an Elasticsearch how it is. Rejects with SluiceError `ELASTICSEARCH_*`. */
export async function readHealth(search: SearchAdmin, timeoutMs: number): Promise<ElasticsearchFacts> {
  const [{ body: health }, { body: stats }] = await Promise.all([
    search.call('GET', '/_cluster/health', undefined, { timeoutMs }),
    search.call('GET', '/_nodes/stats/fs?filter_path=nodes.*.fs.total', undefined, { timeoutMs }),
  ]);
  return {
    status: health['status'] as ElasticsearchFacts['status'],
    nodes: Number(health['number_of_nodes'] ?? 0),
    unassignedShards: Number(health['unassigned_shards'] ?? 0),
    diskUsed: diskUsed(stats),
  };
}

function diskUsed(stats: Json): number | null {
  const nodes = Object.values((stats['nodes'] ?? {}) as Record<string, { fs?: { total?: { total_in_bytes?: number; available_in_bytes?: number } } }>);
  const shares = nodes.flatMap(({ fs }) => {
    const { total_in_bytes: total = 0, available_in_bytes: available = 0 } = fs?.total ?? {};
    return total > 0 ? [1 - available / total] : [];
  });
  return shares.length === 0 ? null : Math.max(...shares);
}

const HOUR_MS = 3_600_000;
/** Hours that are counted one by one, the present one included. */
const HOURS = 24;

/** A pipeline, and the field of its documents by which they belong to an hour. */
export interface CountedPipeline {
  readonly name: string;
  readonly timeField: string | undefined;
}

/** Documents that search sees, by pipeline and hour; an hour without any counts 0. Rejects with SluiceError `ELASTICSEARCH_*`. */
export async function countHours(search: SearchAdmin, prefix: string, pipelines: readonly CountedPipeline[], now: number, timeoutMs: number): Promise<Record<string, Record<string, number>>> {
  const last = Math.floor(now / HOUR_MS) * HOUR_MS;
  const first = last - (HOURS - 1) * HOUR_MS;
  const counts = await Promise.all(pipelines.flatMap(({ name, timeField }) => (timeField === undefined ? [] : [(async () => {
    const query = { range: { [timeField]: { gte: new Date(first).toISOString(), lt: new Date(last + HOUR_MS).toISOString() } } };
    const histogram = { field: timeField, fixed_interval: '1h', min_doc_count: 0, extended_bounds: { min: new Date(first).toISOString(), max: new Date(last).toISOString() } };
    const { status, body } = await search.call('POST', `/${prefix}${name}/_search`, { size: 0, track_total_hits: false, query, aggs: { hours: { date_histogram: histogram } } }, { okStatuses: [404], timeoutMs });
    const { buckets = [] } = ((body['aggregations'] as Json | undefined)?.['hours'] ?? {}) as { buckets?: { key: number; doc_count: number }[] };
    return [name, Object.fromEntries(status === 404 ? [] : buckets.map(({ key, doc_count }) => [key, doc_count]))] as const;
  })()])));
  return Object.fromEntries(counts);
}

/** Documents that search sees, by pipeline. Rejects with SluiceError `ELASTICSEARCH_*`. */
export async function countDocuments(search: SearchAdmin, prefix: string, pipelines: readonly string[], timeoutMs: number): Promise<Record<string, number>> {
  const counts = await Promise.all(pipelines.map(async (pipeline) => {
    const { status, body } = await search.call('GET', `/${prefix}${pipeline}/_count`, undefined, { okStatuses: [404], timeoutMs });
    return [pipeline, status === 404 ? 0 : Number(body['count'])] as const;
  }));
  return Object.fromEntries(counts);
}
