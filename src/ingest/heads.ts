import type { PartitionPosition, TopicPartition } from '../ports/record-log.ts';
import { partitionKey } from './chunk.ts';

/** Where the shared reading of one partition stands. */
export interface Head extends PartitionPosition {
  /** Raised by each assignment, so that what belongs to an older one can be told apart. */
  readonly assignment: number;
}

/** The shared reading positions of the assigned partitions. Pure bookkeeping: no I/O. */
export class Heads {
  readonly #heads = new Map<string, Head>();
  #assignments = 0;

  /** A number for the next assignment. */
  nextAssignment(): number {
    this.#assignments += 1;
    return this.#assignments;
  }

  place(head: Head): void { this.#heads.set(partitionKey(head), head); }
  forget(partition: TopicPartition): void { this.#heads.delete(partitionKey(partition)); }
  get(partition: TopicPartition): Head | undefined { return this.#heads.get(partitionKey(partition)); }
  all(): Head[] { return [...this.#heads.values()]; }

  /** Moves a head on; false where the partition is gone, was assigned anew, or stands elsewhere. */
  advance({ topic, partition, assignment, from, next }: { topic: string; partition: number; assignment: number; from: number; next: number }): boolean {
    const head = this.get({ topic, partition });
    if (head === undefined || head.assignment !== assignment || head.offset !== from) return false;
    this.place({ topic, partition, assignment, offset: next });
    return true;
  }
}
