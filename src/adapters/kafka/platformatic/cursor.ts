import type { TopicPartition } from '../../../ports/record-log.ts';
import type { RecordDecoder } from './record-decoder.ts';

/** Where the reading of one partition stands. */
export interface Cursor extends TopicPartition {
  readonly topic: string;
  readonly partition: number;
  /** Next offset to fetch; `earliest` and `latest` are to be looked up, `pending` waits for the committed position. */
  position: number | 'earliest' | 'latest' | 'pending';
  paused: boolean;
  /** Fetched, and not handed out yet. */
  decoder: RecordDecoder | null;
  /** The topic's id when reading began: another id is another topic of the same name. */
  topicId: string | null;
  /** The position that was out of range, until a new one is known. */
  lostAt: number | null;
}

export function partitionKey({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`;
}

/** The cursors of one client, in the order in which they are served: who was served goes to the end. */
export class CursorTable {
  readonly #cursors = new Map<string, Cursor>();

  add({ topic, partition }: TopicPartition, position: Cursor['position']): Cursor {
    const cursor = { topic, partition, position, paused: false, decoder: null, topicId: null, lostAt: null };
    this.#cursors.set(partitionKey(cursor), cursor);
    return cursor;
  }

  get(partition: TopicPartition): Cursor | undefined { return this.#cursors.get(partitionKey(partition)); }
  has(partition: TopicPartition): boolean { return this.#cursors.has(partitionKey(partition)); }
  remove(partition: TopicPartition): void { this.#cursors.delete(partitionKey(partition)); }
  clear(): void { this.#cursors.clear(); }
  all(): Cursor[] { return [...this.#cursors.values()]; }
  /** All partitions, by topic and number. */
  partitions(): TopicPartition[] {
    return this.all().map(({ topic, partition }) => ({ topic, partition })).sort((a, b) => (a.topic === b.topic ? a.partition - b.partition : a.topic < b.topic ? -1 : 1));
  }
  topics(): string[] { return [...new Set(this.all().map(({ topic }) => topic))]; }

  /** True while the cursor is the one in charge: it was neither removed nor replaced. */
  holds(cursor: Cursor): boolean { return this.#cursors.get(partitionKey(cursor)) === cursor; }

  /** Puts a cursor at the end of the line. */
  served(cursor: Cursor): void {
    if (!this.holds(cursor)) return;
    this.#cursors.delete(partitionKey(cursor));
    this.#cursors.set(partitionKey(cursor), cursor);
  }
}
