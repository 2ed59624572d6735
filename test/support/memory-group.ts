import { SluiceError } from '../../src/domain/errors.ts';
import type { AssignmentListener, ConsumerHealth, ConsumerOptions, PartitionPosition, PollOptions, RecordBlock, RecordConsumer, TopicPartition } from '../../src/ports/record-log.ts';
import { type MemoryStore, keyOf } from './memory-store.ts';
import { MemoryCursors } from './memory-cursors.ts';

/** A consumer group of the memory log: who is in it, who has what, what is committed. */
export class MemoryGroup {
  readonly committed = new Map<string, PartitionPosition>();
  readonly members: MemoryConsumer[] = [];
  generation = 0;

  readonly #store: MemoryStore;

  constructor(store: MemoryStore) {
    this.#store = store;
  }

  join(member: MemoryConsumer): void {
    this.members.push(member);
    this.rebalance();
  }

  leave(member: MemoryConsumer): void {
    const index = this.members.indexOf(member);
    if (index < 0) return;
    this.members.splice(index, 1);
    this.rebalance();
  }

  /** Deals the partitions out anew; everyone loses before anyone gains. */
  rebalance(): void {
    if (this.members.length === 0) return;
    this.generation += 1;
    const shares = this.members.map((member) => ({ member, share: this.#shareOf(member) }));
    for (const { member, share } of shares) member.lose(share, this.generation);
    for (const { member, share } of shares) member.gain(share);
  }

  #shareOf(member: MemoryConsumer): TopicPartition[] {
    const topics = [...new Set(this.members.flatMap((each) => each.options.topics))].toSorted();
    return topics.flatMap((topic) => {
      const interested = this.members.filter((each) => each.options.topics.includes(topic));
      return this.#store.partitionsOf(topic).filter((_, index) => interested[index % interested.length] === member);
    });
  }
}

export class MemoryConsumer implements RecordConsumer {
  readonly options: ConsumerOptions;
  readonly #store: MemoryStore;
  readonly #group: MemoryGroup;
  readonly #cursors: MemoryCursors;
  #listener: AssignmentListener | null = null;
  #generation = 0;
  #closed = false;

  constructor(store: MemoryStore, group: MemoryGroup, options: ConsumerOptions) {
    this.#store = store;
    this.#group = group;
    this.options = options;
    this.#cursors = new MemoryCursors(store, options.from);
  }

  async start(listener: AssignmentListener): Promise<void> {
    await this.#store.reachable();
    this.#listener = listener;
    this.#group.join(this);
  }

  async poll(options: PollOptions): Promise<RecordBlock[]> {
    this.#rejoinIfExpelled();
    return this.#cursors.poll(options);
  }

  async commit(positions: readonly PartitionPosition[]): Promise<void> {
    await this.#store.reachable();
    if (this.#store.faults.failCommit !== null) throw this.#store.faults.failCommit;
    const expelled = this.#isExpelled();
    this.#rejoinIfExpelled();
    if (expelled || this.#closed || positions.some((position) => !this.#cursors.has(position))) {
      throw new SluiceError('KAFKA_FENCED', 'the partition belongs to another generation of the group', { details: { group: this.options.group } });
    }
    for (const { topic, partition, offset } of positions) this.#group.committed.set(keyOf({ topic, partition }), { topic, partition, offset });
  }

  seek(position: PartitionPosition): void {
    if (!this.#cursors.has(position)) throw new SluiceError('KAFKA_FENCED', `${keyOf(position)} is not assigned`);
    this.#cursors.set(position, position.offset);
  }

  pause(partitions: readonly TopicPartition[]): void { this.#cursors.pause(partitions); }
  resume(partitions: readonly TopicPartition[]): void { this.#cursors.resume(partitions); }

  health(): ConsumerHealth {
    const error = this.#store.faults.failFetch;
    return { connected: error === null && !this.#closed && this.#generation > 0, assigned: this.#cursors.partitions(), lastError: error?.message ?? null, generation: this.#generation };
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    void this.#cursors.close();
    const held = this.#cursors.clear();
    if (held.length > 0) this.#listener?.revoked(held);
    this.#group.leave(this);
  }

  /** Called by the group: gives up what is not in the share any more. */
  lose(share: readonly TopicPartition[], generation: number): void {
    this.#generation = generation;
    const kept = new Set(share.map(keyOf));
    const lost = this.#cursors.partitions().filter((partition) => !kept.has(keyOf(partition)));
    for (const partition of lost) this.#cursors.remove(partition);
    if (lost.length > 0) this.#listener?.revoked(lost);
  }

  /** Called by the group: takes what is new, from the committed position or the configured end. */
  gain(share: readonly TopicPartition[]): void {
    const gained = share.filter((partition) => !this.#cursors.has(partition));
    for (const partition of gained) {
      const { earliest, latest } = this.#store.rangeOf(partition);
      this.#cursors.set(partition, this.#group.committed.get(keyOf(partition))?.offset ?? (this.options.from === 'earliest' ? earliest : latest));
    }
    if (gained.length > 0) this.#listener?.assigned(gained);
  }

  #isExpelled(): boolean {
    return this.#listener !== null && !this.#closed && !this.#group.members.includes(this);
  }

  #rejoinIfExpelled(): void {
    if (!this.#isExpelled()) return;
    this.lose([], this.#generation);
    this.#group.join(this);
  }
}
