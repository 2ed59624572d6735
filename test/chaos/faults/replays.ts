import { setTimeout as sleep } from 'node:timers/promises';
import { regionalTopicOf, sourceTopicOf } from '../../../src/domain/pipeline.ts';
import type { PartitionPosition, RecordLogAdmin } from '../../../src/ports/record-log.ts';
import { REGIONS, type Cluster } from '../cluster.ts';
import { PIPELINES } from '../history.ts';
import { LANES, endsOf, holding, type Fault } from './fault.ts';

const MORE_PARTITIONS = 1;
/** A member that was killed belongs to its group for as long as its session lasts. */
const EMPTY_ATTEMPTS = 30;
const EMPTY_RETRY_MS = 1_000;
/** Partitions that a topic may come to have in a long run. */
const MAX_PARTITIONS = 8;

/** A lane reads everything once more, from offset zero. */
const replayLane: Fault = {
  kind: 'replay-lane', targets: LANES, seconds: [2, 4],
  holds: (lane) => [holding.processes(lane), holding.server(`kafka-${endsOf(lane).source}`)],
  inject: async (cluster, lane) => {
    await cluster.fleet.stopGroup(lane);
    const topics = [...PIPELINES, 'failures'].map((pipeline) => regionalTopicOf(cluster.config.prefix, pipeline));
    await rewind(cluster, endsOf(lane).source, `${cluster.config.prefix}sluice.${lane}`, topics);
  },
  heal: async (cluster, lane) => cluster.fleet.startGroup(lane),
};

/** Ingest gives one region everything once more. */
const replayIngest: Fault = {
  kind: 'replay-ingest', targets: REGIONS, seconds: [2, 4],
  holds: () => [holding.processes('ingest'), holding.server('kafka-source')],
  inject: async (cluster, region) => {
    await cluster.fleet.stopGroup('ingest');
    const topics = PIPELINES.map((pipeline) => sourceTopicOf(cluster.config.prefix, pipeline));
    await rewind(cluster, 'source', `${cluster.config.prefix}sluice.ingest.${region}`, topics);
  },
  heal: async (cluster) => cluster.fleet.startGroup('ingest'),
};

async function rewind(cluster: Cluster, log: string, group: string, topics: readonly string[]): Promise<void> {
  const admin = cluster.log(log).admin();
  try {
    const ranges = await admin.ranges(topics);
    const positions = ranges.map(({ topic, partition, earliest }) => ({ topic, partition, offset: earliest }));
    for (let attempt = 1; !(await written(admin, group, positions, attempt === EMPTY_ATTEMPTS)); attempt += 1) await sleep(EMPTY_RETRY_MS);
  } finally {
    await admin.close();
  }
}

async function written(admin: RecordLogAdmin, group: string, positions: readonly PartitionPosition[], last: boolean): Promise<boolean> {
  try {
    await admin.setCommitted(group, positions);
    return true;
  } catch (error) {
    if (last) throw error;
    return false;
  }
}

/** Every topic of a cluster gets one partition more while everything runs. */
const morePartitions: Fault = {
  kind: 'more-partitions', targets: ['source', ...REGIONS], seconds: [2, 4], holds: (log) => [holding.server(`kafka-${log}`)],
  inject: async (cluster, log) => {
    const { prefix } = cluster.config;
    const topics = PIPELINES.map((pipeline) => (log === 'source' ? sourceTopicOf(prefix, pipeline) : regionalTopicOf(prefix, pipeline)));
    const admin = cluster.log(log).admin();
    try {
      for (const topic of topics) {
        const total = (await admin.ranges([topic])).length + MORE_PARTITIONS;
        if (total <= MAX_PARTITIONS) await admin.addPartitions(topic, total);
      }
    } finally {
      await admin.close();
    }
  },
  heal: async () => undefined,
};

export const replayFaults: readonly Fault[] = [replayLane, replayIngest, morePartitions];
