import type { Observation, PartitionFacts } from './observation.ts';

/** Observations kept: at one every five seconds, half an hour. */
export const MAX_OBSERVATIONS = 360;

/** Observations, oldest first; the last one is the present. Never empty when rules see it. */
export type History = readonly Observation[];

/** The history with one more observation, bounded. */
export function remember(history: History, observation: Observation): History {
  return [...history.slice(-(MAX_OBSERVATIONS - 1)), observation];
}

/** The present. */
export function latestOf(history: History): Observation {
  const last = history.at(-1);
  if (last === undefined) throw new RangeError('a history holds at least one observation');
  return last;
}

/** The observations of the last `ms`, and the one just before them, so that the span is covered whole; null where the history is shorter. */
export function spanOf(history: History, ms: number): History | null {
  const begin = latestOf(history).at - ms;
  const first = history.findLastIndex((observation) => observation.at <= begin);
  return first < 0 ? null : history.slice(first);
}

/** Records between the positions and the ends. */
export function lagOf(partitions: readonly PartitionFacts[]): number {
  return partitions.reduce((sum, partition) => sum + lagOfPartition(partition), 0);
}

export function lagOfPartition({ earliest, committed, latest }: PartitionFacts): number {
  return Math.max(0, latest - Math.max(committed, earliest));
}

/**
 * How old the oldest record is that is not settled, ms: the time since the end of a partition passed its position, by the
 * history of ends. At least that much where the history does not reach back so far.
 */
export function lagAge(history: History, partitionsAt: (observation: Observation) => readonly PartitionFacts[] | null): number | null {
  const now = latestOf(history);
  const partitions = partitionsAt(now);
  if (partitions === null) return null;
  const ages = partitions.filter((partition) => lagOfPartition(partition) > 0).map((partition) => now.at - passedAt(history, partitionsAt, partition));
  return Math.max(0, ...ages);
}

/** When the end of the partition was last seen at or before its present position. */
function passedAt(history: History, partitionsAt: (observation: Observation) => readonly PartitionFacts[] | null, { topic, partition, committed }: PartitionFacts): number {
  const known = history.flatMap((observation) => {
    const then = partitionsAt(observation)?.find((each) => each.topic === topic && each.partition === partition);
    return then === undefined ? [] : [{ at: observation.at, latest: then.latest }];
  });
  const before = known.findLast(({ latest }) => latest <= committed);
  return (before ?? known[0])?.at ?? latestOf(history).at;
}
