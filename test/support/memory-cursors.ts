import type { PartitionPosition, PollOptions, RecordBlock, RecordReader, TopicPartition } from '../../src/ports/record-log.ts';
import { memoryBlock, sizeOf, type StoredRecord } from './memory-block.ts';
import { type MemoryStore, keyOf } from './memory-store.ts';

/** Reading positions over the memory log, with the fairness and bounds that the port promises; by itself it is a reader. */
export class MemoryCursors implements RecordReader {
  readonly #store: MemoryStore;
  readonly #from: 'earliest' | 'latest';
  readonly #positions = new Map<string, PartitionPosition>();
  readonly #paused = new Set<string>();
  readonly #closing = new AbortController();

  constructor(store: MemoryStore, from: 'earliest' | 'latest') {
    this.#store = store;
    this.#from = from;
  }

  has(partition: TopicPartition): boolean { return this.#positions.has(keyOf(partition)); }
  set({ topic, partition }: TopicPartition, offset: number): void { this.#positions.set(keyOf({ topic, partition }), { topic, partition, offset }); this.#store.touch(); }
  seek(position: PartitionPosition): void { this.set(position, position.offset); }
  drop(partition: TopicPartition): void { this.remove(partition); }
  pause(partitions: readonly TopicPartition[]): void { for (const each of partitions) this.#paused.add(keyOf(each)); }
  resume(partitions: readonly TopicPartition[]): void { for (const each of partitions) this.#paused.delete(keyOf(each)); this.#store.touch(); }
  partitions(): TopicPartition[] { return [...this.#positions.values()].map(({ topic, partition }) => ({ topic, partition })); }

  remove(partition: TopicPartition): void {
    this.#positions.delete(keyOf(partition));
    this.#paused.delete(keyOf(partition));
  }

  clear(): TopicPartition[] {
    const all = this.partitions();
    for (const partition of all) this.remove(partition);
    return all;
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#store.touch();
  }

  /** Waits for records until the time is up, the log changes, or the cursors close. */
  async poll({ maxBytes, maxWaitMs }: PollOptions): Promise<RecordBlock[]> {
    const timer = new AbortController();
    const timeout = this.#store.clock.sleep(maxWaitMs, AbortSignal.any([timer.signal, this.#closing.signal])).then(() => true, () => true);
    try {
      for (;;) {
        const changed = this.#store.changed();
        const blocks = this.#closing.signal.aborted ? [] : this.#take(maxBytes);
        if (blocks.length > 0 || (await Promise.race([timeout, changed])) === true) return this.#closing.signal.aborted ? [] : blocks;
      }
    } finally {
      timer.abort();
    }
  }

  #take(maxBytes: number): RecordBlock[] {
    if (this.#store.faults.failFetch !== null || this.#store.stalled) return [];
    const blocks: RecordBlock[] = [];
    let budget = maxBytes;
    for (const [key, position] of [...this.#positions]) {
      if (this.#paused.has(key) || budget <= 0 || !this.#store.has(position)) continue;
      const block = this.#read(position, budget, blocks.length === 0);
      if (block === null) continue;
      budget -= block.bytes;
      blocks.push(block);
      // Who was served goes to the end of the line, so that no partition starves.
      this.#positions.delete(key);
      this.#positions.set(key, { topic: position.topic, partition: position.partition, offset: block.nextOffset });
    }
    return blocks;
  }

  #read(position: PartitionPosition, budget: number, first: boolean): RecordBlock | null {
    const { topic, partition } = position;
    const { earliest, latest } = this.#store.rangeOf(position);
    const offset = position.offset >= earliest && position.offset <= latest ? position.offset : this.#from === 'earliest' ? earliest : latest;
    const taken: StoredRecord[] = [];
    let size = 0;
    for (const record of this.#store.recordsFrom(position, offset)) {
      size += sizeOf(record);
      if (size > budget && !(first && taken.length === 0)) break;
      taken.push(record);
    }
    const last = taken.at(-1);
    return last === undefined ? null : memoryBlock(topic, partition, taken, last.offset + 1, latest);
  }
}
