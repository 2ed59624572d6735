import type { PartitionPosition, PartitionRange } from '../ports/record-log.ts';

/** Records between the committed positions and the ends; a partition without a position counts from its first record. */
export function lagBetween(ranges: readonly PartitionRange[], committed: readonly PartitionPosition[]): number {
  const positions = new Map(committed.map((position) => [`${position.topic}\0${position.partition}`, position.offset]));
  return ranges.reduce((sum, range) => {
    const position = positions.get(`${range.topic}\0${range.partition}`) ?? range.earliest;
    return sum + Math.max(0, range.latest - Math.max(position, range.earliest));
  }, 0);
}
