import type { PartitionPosition, PartitionRange, RecordLogAdmin, ReplicationReport } from '../../ports/record-log.ts';
import type { KafkaFacts, PartitionFacts } from './observation.ts';

/** Where the groups of one Kafka stand, and how the cluster is. */
export interface Positions {
  readonly byGroup: ReadonlyMap<string, readonly PartitionFacts[]>;
  readonly kafka: KafkaFacts;
}

/** Asks a Kafka for the ends of topics, the positions of groups in them, and its copies. Rejects with SluiceError `KAFKA_*`. */
export async function readPositions(admin: RecordLogAdmin, topics: readonly string[], groups: readonly string[]): Promise<Positions> {
  const [ranges, replication, ...committed] = await Promise.all([admin.ranges(topics), admin.replication(topics), ...groups.map((group) => admin.committed(group, topics))]);
  return {
    byGroup: new Map(groups.map((group, at) => [group, standing(ranges, committed[at] ?? [])])),
    kafka: kafkaFacts(replication),
  };
}

function standing(ranges: readonly PartitionRange[], committed: readonly PartitionPosition[]): PartitionFacts[] {
  const positions = new Map(committed.map(({ topic, partition, offset }) => [`${topic}\0${partition}`, offset]));
  return ranges.map(({ topic, partition, earliest, latest }) => ({ topic, partition, earliest, latest, committed: positions.get(`${topic}\0${partition}`) ?? earliest }));
}

function kafkaFacts({ brokers, partitions }: ReplicationReport): KafkaFacts {
  const named = (found: ReplicationReport['partitions']) => found.map(({ topic, partition }) => ({ topic, partition }));
  return {
    brokers,
    offline: named(partitions.filter(({ hasLeader }) => !hasLeader)),
    underReplicated: named(partitions.filter(({ inSync, replicas }) => inSync < replicas)),
  };
}
