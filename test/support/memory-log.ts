import { systemClock } from '../../src/adapters/system-clock.ts';
import { SluiceError } from '../../src/domain/errors.ts';
import type { Clock } from '../../src/ports/clock.ts';
import type { ConsumerOptions, OutgoingRecord, PartitionPosition, ProducerOptions, RecordConsumer, RecordLog, RecordLogAdmin, RecordProducer, RecordReader, TopicPartition, TopicSpec } from '../../src/ports/record-log.ts';
import type { StoredRecord } from './memory-block.ts';
import { MemoryCursors } from './memory-cursors.ts';
import { MemoryConsumer, MemoryGroup } from './memory-group.ts';
import { type MemoryFaults, MemoryStore } from './memory-store.ts';

const MAX_RECORD_BYTES = 1024 * 1024;

/** A whole Kafka cluster in memory, for unit tests: partitions, groups with real rebalancing, and faults on demand. */
export class MemoryLog implements RecordLog {
  readonly #store: MemoryStore;
  readonly #groups = new Map<string, MemoryGroup>();

  constructor({ clock = systemClock, maxRecordBytes = MAX_RECORD_BYTES }: { clock?: Clock; maxRecordBytes?: number } = {}) {
    this.#store = new MemoryStore(clock, maxRecordBytes);
  }

  /** What is broken at the moment; set a field to break it, null to heal it. */
  get faults(): MemoryFaults { return this.#store.faults; }
  failProduce(error: MemoryFaults['failProduce']): void { this.faults.failProduce = error; }
  failFetch(error: SluiceError | null): void { this.faults.failFetch = error; this.#store.touch(); }
  failCommit(error: SluiceError | null): void { this.faults.failCommit = error; }
  /** Sends, commits and polls hang (sends and polls up to their time-outs) until the returned function is called. */
  stall(): () => void { return this.#store.stall(); }
  /** Retention: what is before `earliest` is gone. */
  trim(partition: TopicPartition, earliest: number): void { this.#store.trim(partition, earliest); }

  /** The group forgets its members, as after a session time-out: their next commit is fenced, and they join again. */
  expel(group: string): void {
    this.#group(group).members.splice(0);
  }

  /** A member dies without leaving; the others take over. */
  kill(consumer: RecordConsumer): void {
    for (const group of this.#groups.values()) if (consumer instanceof MemoryConsumer) group.leave(consumer);
  }

  createTopic(name: string, partitions = 1): void {
    if (this.#store.create(name, partitions)) this.#rebalanceAll();
  }

  /** The topic is deleted and made anew with as many partitions, so fast that no member of a group notices. */
  recreate(name: string): void {
    const partitions = this.#store.partitionsOf(name).length;
    this.#store.delete(name);
    this.#store.create(name, partitions);
    this.#store.touch();
  }

  /** Everything still in a topic, by partition and offset. */
  records(topic: string): StoredRecord[] {
    return this.#store.partitionsOf(topic).flatMap((partition) => [...this.#store.recordsFrom(partition, 0)]);
  }

  consumer(options: ConsumerOptions): RecordConsumer { return new MemoryConsumer(this.#store, this.#group(options.group), options); }
  reader(): RecordReader { return new MemoryCursors(this.#store, 'earliest'); }
  producer(options: ProducerOptions): RecordProducer { return new MemoryProducer(this.#store, options); }

  admin(): RecordLogAdmin {
    return {
      ensureTopics: async (topics) => this.#ensureTopics(topics),
      deleteTopics: async (names) => { for (const name of names) this.#store.delete(name); this.#rebalanceAll(); },
      listTopics: async () => this.#store.topics,
      addPartitions: async (topic, total) => { this.#store.grow(topic, total); this.#rebalanceAll(); },
      ranges: async (topics) => topics.flatMap((topic) => this.#rangesOf(topic)),
      replication: async (topics) => ({ brokers: 1, partitions: topics.flatMap((topic) => this.#store.partitionsOf(topic)).map(({ topic, partition }) => ({ topic, partition, hasLeader: true, replicas: 1, inSync: 1 })) }),
      committed: async (group, topics) => [...this.#group(group).committed.values()].filter(({ topic }) => topics.includes(topic)),
      setCommitted: async (group, positions) => this.#setCommitted(group, positions),
      close: async () => {},
    };
  }

  #ensureTopics(topics: readonly TopicSpec[]): string[] {
    const created = topics.filter(({ name, partitions }) => this.#store.create(name, partitions)).map(({ name }) => name);
    if (created.length > 0) this.#rebalanceAll();
    return created;
  }

  #rangesOf(topic: string) {
    const partitions = this.#store.partitionsOf(topic);
    if (partitions.length === 0) throw new SluiceError('KAFKA_UNKNOWN_TOPIC', `topic ${topic} does not exist`, { details: { topic } });
    return partitions.map((partition) => this.#store.rangeOf(partition));
  }

  #setCommitted(group: string, positions: readonly PartitionPosition[]): void {
    if (this.#group(group).members.length > 0) throw new SluiceError('KAFKA_REFUSED', `group ${group} has members`, { details: { group } });
    for (const { topic, partition, offset } of positions) this.#group(group).committed.set(`${topic}/${partition}`, { topic, partition, offset });
  }

  #group(name: string): MemoryGroup {
    const group = this.#groups.get(name) ?? new MemoryGroup(this.#store);
    this.#groups.set(name, group);
    return group;
  }

  #rebalanceAll(): void {
    for (const group of this.#groups.values()) group.rebalance();
    this.#store.touch();
  }
}

class MemoryProducer implements RecordProducer {
  readonly #store: MemoryStore;
  readonly #options: ProducerOptions;
  #closed = false;

  constructor(store: MemoryStore, options: ProducerOptions) {
    this.#store = store;
    this.#options = options;
  }

  async send(records: readonly OutgoingRecord[]): Promise<void> {
    if (this.#closed) throw new SluiceError('BUG', 'the producer is closed');
    if (this.#store.stalled) await this.#waitForRelease();
    this.#store.append(records);
  }

  async close(): Promise<void> { this.#closed = true; }

  async #waitForRelease(): Promise<void> {
    const timer = new AbortController();
    const timeout = this.#store.clock.sleep(this.#options.deliveryTimeoutMs, timer.signal).then(() => true, () => false);
    const late = await Promise.race([timeout, this.#store.reachable().then(() => false)]);
    timer.abort();
    if (late) throw new SluiceError('KAFKA_UNAVAILABLE', `not acknowledged within ${this.#options.deliveryTimeoutMs} ms`);
  }
}
