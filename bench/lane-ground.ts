import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import type { Config } from '../src/config/schema.ts';
import { regionalTopicOf } from '../src/domain/pipeline.ts';
import { BATCHES_INDEX } from '../src/domain/system-names.ts';
import { openRegionLog, openRegionSearch } from '../src/main/connections.ts';
import type { RecordLogAdmin } from '../src/ports/record-log.ts';
import type { SearchCluster } from '../src/ports/search-index.ts';
import { indexOf } from './documents.ts';
import { BENCH_PIPELINE, pipelineNamed } from './events.ts';

/** The region that lane benches run in. */
export const REGION = 'west';
export const BENCH_LANE = `${REGION}-${REGION}`;

/** Where a lane bench happens: one topic, one group, the indices that its documents go into. */
export class LaneGround {
  readonly search: SearchCluster;
  readonly node: string;
  readonly indices: readonly string[];
  readonly topic: string;
  readonly #prefix: string;
  readonly #group: string;
  readonly #admin: RecordLogAdmin;

  /** `indices` are those of the bench's own documents where none are given. */
  constructor(config: Config, pipeline = BENCH_PIPELINE, indices: readonly string[] = [indexOf(config.prefix, pipelineNamed(pipeline))]) {
    this.#prefix = config.prefix;
    this.search = openRegionSearch(config, REGION);
    this.node = config.regions[REGION]?.elasticsearch.nodes[0] as string;
    this.indices = indices;
    this.topic = regionalTopicOf(config.prefix, pipeline);
    this.#group = `${config.prefix}sluice.${BENCH_LANE}`;
    this.#admin = openRegionLog(config, REGION, pino({ level: 'silent' })).admin();
  }

  /** Empty indices, and the group at the first record. */
  async fresh(): Promise<void> {
    await this.emptyIndices();
    await this.rewind('earliest');
    await sleep(1_000);
  }

  /** The group, which has no members, goes to the first record or behind the last. */
  async rewind(to: 'earliest' | 'latest'): Promise<void> {
    const ranges = await this.#admin.ranges([this.topic]);
    await this.#admin.setCommitted(this.#group, ranges.map((range) => ({ topic: range.topic, partition: range.partition, offset: range[to] })));
  }

  /** Records in the topic, over all partitions. */
  async records(): Promise<number> {
    return (await this.#admin.ranges([this.topic])).reduce((sum, { latest }) => sum + latest, 0);
  }

  async emptyIndices(): Promise<void> {
    for (const index of this.indices) {
      await this.search.call('DELETE', `/${index}`, undefined, { okStatuses: [404] });
      await this.search.call('PUT', `/${index}`);
    }
  }

  /** Records up to which the group has committed, over all partitions. */
  async committed(): Promise<number> {
    const positions = await this.#admin.committed(this.#group, [this.topic]);
    return positions.reduce((sum, { offset }) => sum + offset, 0);
  }

  /** By the lane's own batch metadata since `began` (epoch ms): seconds from the first batch's opening to the last one's settlement (`last`, epoch ms), and what was written. */
  async settledSince(began: number): Promise<{ seconds: number; last: number; applied: number; superseded: number }> {
    const alias = `${this.#prefix}${BATCHES_INDEX}`;
    await this.search.call('POST', `/${alias}/_refresh`);
    const { body } = await this.search.call('POST', `/${alias}/_search`, { size: 0, query: { range: { start_time: { gte: new Date(began).toISOString() } } }, aggs: { first: { min: { field: 'start_time' } }, last: { max: { field: 'end_time' } }, applied: { sum: { field: 'counts.applied' } }, superseded: { sum: { field: 'counts.superseded' } } } });
    const found = body['aggregations'] as Record<'first' | 'last' | 'applied' | 'superseded', { value: number }>;
    return { seconds: (found.last.value - found.first.value) / 1_000, last: found.last.value, applied: found.applied.value, superseded: found.superseded.value };
  }

  /** Bytes that a document takes on the disk of Elasticsearch, merges left to themselves. */
  async indexBytesPerDocument(): Promise<number> {
    await this.search.call('POST', `/${this.indices.join()}/_flush`);
    const { body } = await this.search.call('GET', `/${this.indices.join()}/_stats/store,docs`);
    const { docs, store } = (body['_all'] as { primaries: { docs: { count: number }; store: { size_in_bytes: number } } }).primaries;
    return store.size_in_bytes / docs.count;
  }

  async close(): Promise<void> {
    await Promise.all([this.search.close(), this.#admin.close()]);
  }
}

/** CPU-seconds that the processes of a cluster have used so far. */
export async function elasticsearchCpuSeconds(search: SearchCluster): Promise<number> {
  const { body } = await search.call('GET', '/_nodes/stats/process');
  const nodes = Object.values(body['nodes'] as Record<string, { process: { cpu: { total_in_millis: number } } }>);
  return nodes.reduce((sum, { process: { cpu } }) => sum + cpu.total_in_millis, 0) / 1_000;
}
