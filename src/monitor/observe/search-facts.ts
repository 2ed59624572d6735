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

/** Documents that search sees, by pipeline. Rejects with SluiceError `ELASTICSEARCH_*`. */
export async function countDocuments(search: SearchAdmin, prefix: string, pipelines: readonly string[], timeoutMs: number): Promise<Record<string, number>> {
  const counts = await Promise.all(pipelines.map(async (pipeline) => {
    const { status, body } = await search.call('GET', `/${prefix}${pipeline}/_count`, undefined, { okStatuses: [404], timeoutMs });
    return [pipeline, status === 404 ? 0 : Number(body['count'])] as const;
  }));
  return Object.fromEntries(counts);
}
