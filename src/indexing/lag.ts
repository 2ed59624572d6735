import { SluiceError, messageOf } from '../domain/errors.ts';
import { keyOf } from '../domain/settlement.ts';
import type { PartitionPosition, PartitionRange, RecordLogAdmin } from '../ports/record-log.ts';

export interface Lag {
  readonly topic: string;
  readonly partition: number;
  readonly records: number;
  /** Offset of the next record that will be written. */
  readonly end: number;
}

/** Records between what is settled and the end, for each assigned partition. Pure. */
function lagOf(ranges: readonly PartitionRange[], settled: ReadonlyMap<string, number | null>, committed: readonly PartitionPosition[]): Lag[] {
  const base = new Map(committed.map((position) => [keyOf(position), position.offset]));
  return ranges.flatMap((range) => {
    const key = keyOf(range);
    if (!settled.has(key)) return [];
    const position = settled.get(key) ?? base.get(key) ?? range.earliest;
    return [{ topic: range.topic, partition: range.partition, records: Math.max(0, range.latest - Math.max(position, range.earliest)), end: range.latest }];
  });
}

/** Asks the log where its partitions end, and tells the lag and how many partitions there are; a log that does not answer is told, not thrown. */
export async function measureLag(admin: RecordLogAdmin, group: string, topics: readonly string[], settled: () => ReadonlyMap<string, number | null>): Promise<{ lags: Lag[]; partitions: number } | { error: string }> {
  try {
    const ranges = await admin.ranges(topics);
    const positions = settled();
    // What was committed matters only where nothing has been settled since.
    const committed = [...positions.values()].includes(null) ? await admin.committed(group, topics) : [];
    return { lags: lagOf(ranges, positions, committed), partitions: ranges.length };
  } catch (error) {
    if (error instanceof SluiceError) return { error: messageOf(error) };
    throw error;
  }
}
