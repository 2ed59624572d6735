import { partitionOfKey } from '../../src/adapters/kafka/murmur2.ts';
import { SluiceError } from '../../src/domain/errors.ts';
import type { Clock } from '../../src/ports/clock.ts';
import type { OutgoingRecord, PartitionRange, TopicPartition } from '../../src/ports/record-log.ts';
import { sizeOf, type StoredRecord } from './memory-block.ts';

/** What a test may break; null means healthy. */
export interface MemoryFaults {
  /** Rejects whole sends, or those with a record for which the function gives an error; nothing of them is written. */
  failProduce: SluiceError | ((record: OutgoingRecord) => SluiceError | null) | null;
  /** Polls find nothing and `health()` says why. */
  failFetch: SluiceError | null;
  failCommit: SluiceError | null;
}

interface Partition {
  earliest: number;
  readonly records: StoredRecord[];
}

export function keyOf({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`;
}

/** Topics, their records and the faults: what every client of one memory log shares. */
export class MemoryStore {
  readonly clock: Clock;
  readonly faults: MemoryFaults = { failProduce: null, failFetch: null, failCommit: null };
  readonly #topics = new Map<string, Partition[]>();
  readonly #maxRecordBytes: number;
  #change = Promise.withResolvers<false>();
  #stall: PromiseWithResolvers<void> | null = null;
  #roundRobin = 0;

  constructor(clock: Clock, maxRecordBytes: number) {
    this.clock = clock;
    this.#maxRecordBytes = maxRecordBytes;
  }

  get stalled(): boolean { return this.#stall !== null; }
  get topics(): string[] { return [...this.#topics.keys()]; }

  /** Resolves with false at the next change of anything. */
  changed(): Promise<false> { return this.#change.promise; }

  touch(): void {
    const { resolve } = this.#change;
    this.#change = Promise.withResolvers<false>();
    resolve(false);
  }

  /** Everything hangs until the returned function is called. */
  stall(): () => void {
    this.#stall ??= Promise.withResolvers<void>();
    const own = this.#stall;
    return () => {
      if (this.#stall === own) this.#stall = null;
      own.resolve();
      this.touch();
    };
  }

  /** Resolves when the log is not stalled. */
  async reachable(): Promise<void> { await this.#stall?.promise; }

  create(topic: string, partitions: number): boolean {
    if (this.#topics.has(topic)) return false;
    this.#topics.set(topic, Array.from({ length: partitions }, () => ({ earliest: 0, records: [] })));
    return true;
  }

  grow(topic: string, total: number): void {
    const partitions = this.#partitions(topic);
    while (partitions.length < total) partitions.push({ earliest: 0, records: [] });
  }

  delete(topic: string): void { this.#topics.delete(topic); }

  partitionsOf(topic: string): TopicPartition[] {
    return (this.#topics.get(topic) ?? []).map((_, partition) => ({ topic, partition }));
  }

  has({ topic, partition }: TopicPartition): boolean { return this.#topics.get(topic)?.[partition] !== undefined; }

  rangeOf(at: TopicPartition): PartitionRange {
    const { earliest, records } = this.#partition(at);
    return { topic: at.topic, partition: at.partition, earliest, latest: records.length };
  }

  *recordsFrom(at: TopicPartition, offset: number): Generator<StoredRecord> {
    const { records, earliest } = this.#partition(at);
    for (let index = Math.max(offset, earliest); index < records.length; index++) yield records[index] as StoredRecord;
  }

  /** Retention: what is before `earliest` is gone. */
  trim(at: TopicPartition, earliest: number): void { this.#partition(at).earliest = earliest; }

  append(records: readonly OutgoingRecord[]): void {
    for (const record of records) this.#check(record);
    for (const record of records) this.#appendOne(record);
    this.touch();
  }

  #check(record: OutgoingRecord): void {
    const { failProduce } = this.faults;
    const error = typeof failProduce === 'function' ? failProduce(record) : failProduce;
    if (error !== null) throw error;
    const partitions = this.#partitions(record.topic);
    if (record.partition !== undefined && partitions[record.partition] === undefined) throw unknown(record.topic, record.partition);
    const size = sizeOf(record);
    if (size > this.#maxRecordBytes) throw new SluiceError('KAFKA_RECORD_TOO_LARGE', `a record of ${size} bytes is over the limit of ${this.#maxRecordBytes}`, { details: { topic: record.topic, size } });
  }

  #appendOne(record: OutgoingRecord): void {
    const partitions = this.#partitions(record.topic);
    const partition = record.partition ?? (record.key === null ? this.#roundRobin++ % partitions.length : partitionOfKey(record.key, partitions.length));
    const { records } = this.#partition({ topic: record.topic, partition });
    // A log keeps bytes, not the sender's buffers: those may be used again.
    records.push({
      topic: record.topic, partition, offset: records.length,
      timestamp: record.timestamp ?? this.clock.now(),
      key: record.key && Buffer.from(record.key),
      value: record.value && Buffer.from(record.value),
      headers: new Map([...(record.headers ?? [])].map(([name, value]) => [name, Buffer.from(value)])),
    });
  }

  #partitions(topic: string): Partition[] {
    const partitions = this.#topics.get(topic);
    if (partitions === undefined) throw unknown(topic);
    return partitions;
  }

  #partition({ topic, partition }: TopicPartition): Partition {
    const found = this.#partitions(topic)[partition];
    if (found === undefined) throw unknown(topic, partition);
    return found;
  }
}

function unknown(topic: string, partition?: number): SluiceError {
  return new SluiceError('KAFKA_UNKNOWN_TOPIC', `topic ${topic}${partition === undefined ? '' : `, partition ${partition},`} does not exist`, { details: { topic } });
}
