import type { PartitionPosition, TopicPartition } from './partition.ts';

/** A stretch of one partition inside one batch: settled as one. */
export interface Ticket extends TopicPartition {
  readonly first: number;
  /** First offset after the stretch; grows while the batch is open. */
  next: number;
  records: number;
  /** The assignment it was opened under; a ticket of an earlier one no longer counts. */
  readonly assignment: number;
  settled: boolean;
}

interface Progress {
  readonly assignment: number;
  /** Open and settled tickets in offset order; bounded by the batches that may be in flight. */
  readonly tickets: Ticket[];
  position: number | null;
  committed: number | null;
}

/**
 * Which offsets may be committed: of each assigned partition the contiguous settled prefix, nothing more.
 * Pure bookkeeping; tickets of one partition must be opened in offset order.
 */
export class Settlement {
  readonly #partitions = new Map<string, Progress>();
  #assignments = 0;

  assign(partitions: readonly TopicPartition[]): void {
    this.#assignments += 1;
    for (const partition of partitions) {
      this.#partitions.set(keyOf(partition), { assignment: this.#assignments, tickets: [], position: null, committed: null });
    }
  }

  /** Forgets the partitions: what is still in flight for them will neither move nor be committed here. */
  revoke(partitions: readonly TopicPartition[]): void {
    for (const partition of partitions) this.#partitions.delete(keyOf(partition));
  }

  /** The number of the assignment that the partition is ours under; null where it is not ours. */
  assignmentOf(partition: TopicPartition): number | null {
    return this.#partitions.get(keyOf(partition))?.assignment ?? null;
  }

  /**
   * Opens a stretch that begins at `first`, of records that were received under that assignment; null where it is over.
   * Records of an earlier one must not open a stretch of the present one: that would begin above what is not settled.
   */
  open(partition: TopicPartition, first: number, assignment: number): Ticket | null {
    const progress = this.#partitions.get(keyOf(partition));
    if (progress?.assignment !== assignment) return null;
    const ticket: Ticket = { topic: partition.topic, partition: partition.partition, first, next: first, records: 0, assignment: progress.assignment, settled: false };
    progress.tickets.push(ticket);
    return ticket;
  }

  settle(ticket: Ticket): void {
    ticket.settled = true;
    const progress = this.#partitions.get(keyOf(ticket));
    if (progress === undefined || progress.assignment !== ticket.assignment) return;
    while (progress.tickets[0]?.settled === true) progress.position = (progress.tickets.shift() as Ticket).next;
  }

  /** Positions that moved since they were last committed. */
  committable(): PartitionPosition[] {
    const positions: PartitionPosition[] = [];
    for (const [key, progress] of this.#partitions) {
      if (progress.position !== null && progress.position !== progress.committed) positions.push({ ...partitionOf(key), offset: progress.position });
    }
    return positions;
  }

  committed(positions: readonly PartitionPosition[]): void {
    for (const position of positions) {
      const progress = this.#partitions.get(keyOf(position));
      if (progress !== undefined) progress.committed = position.offset;
    }
  }

  /** Settled position of every assigned partition; null where nothing was settled yet. */
  positions(): Map<string, number | null> {
    return new Map([...this.#partitions].map(([key, progress]) => [key, progress.position]));
  }
}

/** `topic/partition`: topics hold no slash. */
export function keyOf(partition: TopicPartition): string {
  return `${partition.topic}/${partition.partition}`;
}

function partitionOf(key: string): TopicPartition {
  const slash = key.lastIndexOf('/');
  return { topic: key.slice(0, slash), partition: Number(key.slice(slash + 1)) };
}
