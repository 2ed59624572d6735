import type { ByteBudget } from '../domain/byte-budget.ts';
import type { TopicPartition } from '../ports/record-log.ts';
import type { IngestRecord } from './record.ts';
import type { Tally } from './tally.ts';

/** A run of source offsets of one partition, carried through: the records that stand for it, perhaps none. */
export interface Chunk extends TopicPartition {
  /** Which assignment of the partition it was read under; results for an older one move no position. */
  readonly assignment: number;
  /** First source offset that it stands for, and the first one after it. */
  readonly from: number;
  readonly next: number;
  readonly records: readonly IngestRecord[];
  /** Memory of the records. */
  readonly bytes: number;
  /** Timestamp of the last source record in it, epoch ms; null where it holds none. */
  readonly lastTime: number | null;
  readonly tally: Tally;
}

/** Text for a partition as key of a map. */
export function partitionKey({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`;
}

/** A chunk's place in the byte budget: free again when everyone who was handed the chunk has let go of it. */
export class Hold {
  readonly #budget: ByteBudget;
  readonly #bytes: number;
  #holders: number;

  constructor(budget: ByteBudget, bytes: number, holders: number) {
    this.#budget = budget;
    this.#bytes = bytes;
    this.#holders = holders;
    budget.take(bytes);
  }

  /** One holder lets go. */
  release(): void {
    this.#holders -= 1;
    if (this.#holders === 0) this.#budget.release(this.#bytes);
  }
}
