import type { RecordLog, RecordLogAdmin, RecordReader } from '../../ports/record-log.ts';
import type { StateNote } from '../state-notes.ts';

const READ_BYTES = 1024 * 1024;
const READ_WAIT_MS = 500;
/** Notes of one region at most: beyond it the oldest are forgotten. */
const MAX_NOTES = 10_000;

/** Follows the compacted topic in which the processes of a region tell their state. Rejects with SluiceError `KAFKA_*`. */
export class NoteFollower {
  readonly #topic: string;
  readonly #admin: RecordLogAdmin;
  readonly #reader: RecordReader;
  readonly #notes = new Map<string, StateNote>();
  readonly #positions = new Map<number, number>();

  constructor(log: RecordLog, topic: string) {
    this.#topic = topic;
    this.#admin = log.admin();
    this.#reader = log.reader();
  }

  /** The latest note of every process, up to the present end of the topic. */
  async read(): Promise<StateNote[]> {
    const ends = new Map((await this.#admin.ranges([this.#topic])).map((range) => [range.partition, range]));
    for (const { partition, earliest } of ends.values()) if (!this.#positions.has(partition)) this.#seek(partition, earliest);
    const behind = () => [...ends.values()].some(({ partition, latest }) => (this.#positions.get(partition) ?? 0) < latest);
    while (behind()) {
      const blocks = await this.#reader.poll({ maxBytes: READ_BYTES, maxWaitMs: READ_WAIT_MS });
      if (blocks.length === 0) break;
      for (const block of blocks) {
        for (let at = 0; at < block.count; at += 1) this.#note(block.key(at), block.value(at));
        this.#positions.set(block.partition, block.nextOffset);
      }
    }
    return [...this.#notes.values()];
  }

  async close(): Promise<void> {
    await Promise.allSettled([this.#reader.close(), this.#admin.close()]);
  }

  #seek(partition: number, offset: number): void {
    this.#positions.set(partition, offset);
    this.#reader.seek({ topic: this.#topic, partition, offset });
  }

  #note(key: Buffer | null, value: Buffer | null): void {
    if (key === null) return;
    this.#notes.delete(key.toString());
    if (value !== null) this.#notes.set(key.toString(), JSON.parse(value.toString()) as StateNote);
    if (this.#notes.size > MAX_NOTES) this.#notes.delete(this.#notes.keys().next().value as string);
  }
}
