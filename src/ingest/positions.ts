import type { PartitionPosition, PartitionRange, RecordLogAdmin, TopicPartition } from '../ports/record-log.ts';
import { partitionKey } from './chunk.ts';
import { positionGroup } from './groups.ts';

/** Where to begin in one partition: the shared reading, and each region by name. */
export interface StartPositions extends TopicPartition {
  readonly head: number;
  readonly regions: ReadonlyMap<string, number>;
}

/** Reads each region's committed positions and the partitions' ranges, and decides where to begin. Rejects with SluiceError `KAFKA_*`. */
export async function loadPositions(admin: RecordLogAdmin, partitions: readonly TopicPartition[], regions: readonly string[], prefix: string): Promise<StartPositions[]> {
  const topics = [...new Set(partitions.map(({ topic }) => topic))];
  const ranges = new Map((await admin.ranges(topics)).map((range) => [partitionKey(range), range]));
  const committed = new Map<string, Map<string, PartitionPosition>>();
  for (const region of regions) {
    const positions = await admin.committed(positionGroup(prefix, region), topics);
    committed.set(region, new Map(positions.map((position) => [partitionKey(position), position])));
  }
  return partitions.map((partition) => {
    const key = partitionKey(partition);
    return startOf(partition, ranges.get(key), new Map(regions.map((region) => [region, committed.get(region)?.get(key)?.offset ?? null])));
  });
}

/**
 * The shared reading begins at the most advanced region; regions behind it catch up by themselves. A region without a
 * position begins at the earliest record, as does one whose position lies beyond the end (the topic was made anew).
 */
export function startOf({ topic, partition }: TopicPartition, range: PartitionRange | undefined, committed: ReadonlyMap<string, number | null>): StartPositions {
  const earliest = range?.earliest ?? 0;
  const latest = range?.latest ?? 0;
  const regions = new Map([...committed].map(([region, offset]) => [region, offset === null || offset > latest ? earliest : offset]));
  return { topic, partition, head: Math.max(...regions.values()), regions };
}
