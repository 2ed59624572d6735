import { SluiceError } from '../../../domain/errors.ts';
import type { AssignmentListener, ConsumerHealth, ConsumerOptions, PartitionPosition, PollOptions, RecordBlock, RecordConsumer, TopicPartition } from '../../../ports/record-log.ts';
import { Cluster } from './cluster.ts';
import type { LogContext } from '../context.ts';
import { Coordinator } from './coordinator.ts';
import { type Cursor, partitionKey } from './cursor.ts';
import { asSluiceError, isFenced, isRebalancing } from './errors.ts';
import { Fetcher } from './fetcher.ts';
import { Backoff } from '../backoff.ts';
import { GroupMember } from './group-member.ts';

/** A commit that meets a rebalance waits for its end and is tried again, this often at most. */
const COMMIT_ATTEMPTS = 3;

/**
 * A group member. Partitions that stay ours over a rebalance are read on without a break; those that were taken away are
 * revoked, those that are new are assigned and begin at the committed position.
 */
export class PlatformaticConsumer implements RecordConsumer {
  readonly #options: ConsumerOptions;
  readonly #context: LogContext;
  readonly #cluster: Cluster;
  readonly #fetcher: Fetcher;
  readonly #coordinator: Coordinator;
  readonly #commits: Cluster;
  readonly #member: GroupMember;
  #listener: AssignmentListener = { assigned: () => {}, revoked: () => {} };
  #positionError: string | null = null;
  #closing: Promise<void> | null = null;

  constructor(context: LogContext, options: ConsumerOptions) {
    const { settings, clock, hooks } = context;
    this.#options = options;
    this.#context = context;
    this.#cluster = new Cluster(settings);
    this.#commits = new Cluster(settings);
    this.#fetcher = new Fetcher({ cluster: this.#cluster, clock, hooks, from: options.from });
    this.#coordinator = new Coordinator({ cluster: this.#commits, clock, group: options.group, patienceMs: settings.requestTimeoutMs });
    const events = { joined: (partitions: readonly TopicPartition[], kept: boolean) => this.#onJoined(partitions, kept), handOver: async () => await this.#listener.handOver?.() };
    this.#member = new GroupMember({ settings, consumer: options, cluster: this.#commits, clock, hooks, events });
  }

  async start(listener: AssignmentListener): Promise<void> {
    this.#listener = listener;
    await this.#member.start();
  }

  poll(options: PollOptions): Promise<RecordBlock[]> { return this.#fetcher.poll(options); }

  async commit(positions: readonly PartitionPosition[]): Promise<void> {
    if (positions.length === 0) return;
    const cursors = new Map(positions.map((position) => [position, this.#tenureOf(position)]));
    for (let attempt = 1; ; attempt++) {
      const member = this.#member.membership;
      if (member === null) throw this.#fenced();
      try {
        return await this.#coordinator.commit(member, positions);
      } catch (error) {
        if (attempt >= COMMIT_ATTEMPTS || !(await this.#mayCommitAgain(error, member.generation))) throw this.#commitError(error);
      }
      for (const [position, tenure] of cursors) if (this.#tenureOf(position) !== tenure) throw this.#fenced();
    }
  }

  seek({ topic, partition, offset }: PartitionPosition): void {
    const cursor = this.#fetcher.cursors.get({ topic, partition });
    if (cursor === undefined) throw this.#fenced();
    this.#fetcher.seek(cursor, offset);
  }

  pause(partitions: readonly TopicPartition[]): void { this.#fetcher.pause(partitions, true); }
  resume(partitions: readonly TopicPartition[]): void { this.#fetcher.pause(partitions, false); }

  health(): ConsumerHealth {
    const lastError = this.#member.lastError ?? this.#positionError ?? this.#fetcher.lastError;
    return { connected: lastError === null && this.#member.membership !== null, assigned: this.#fetcher.cursors.partitions(), lastError, generation: this.#member.generation };
  }

  close(): Promise<void> { return (this.#closing ??= this.#close()); }

  async #close(): Promise<void> {
    this.#revoke(this.#fetcher.cursors.partitions());
    this.#fetcher.close();
    await this.#member.close();
    await Promise.all([this.#cluster.close(), this.#commits.close()]);
  }

  #onJoined(partitions: readonly TopicPartition[], kept: boolean): void {
    const { cursors } = this.#fetcher;
    const share = new Set(partitions.map(partitionKey));
    this.#revoke(cursors.partitions().filter((partition) => !kept || !share.has(partitionKey(partition))));
    const gained = partitions.filter((partition) => !cursors.has(partition));
    if (gained.length === 0) return;
    const pending = gained.map((partition) => this.#takeOver(partition));
    this.#listener.assigned(gained);
    void this.#startAtCommitted(pending);
  }

  #takeOver(partition: TopicPartition): Cursor {
    this.#tenures.set(partitionKey(partition), Symbol(partitionKey(partition)));
    return this.#fetcher.add(partition, 'pending');
  }

  readonly #tenures = new Map<string, symbol>();

  /** Changes whenever the partition is lost and won again, unlike the cursor, which a seek replaces, too. */
  #tenureOf(partition: TopicPartition): symbol {
    const tenure = this.#tenures.get(partitionKey(partition));
    if (tenure === undefined) throw this.#fenced();
    return tenure;
  }

  #revoke(partitions: readonly TopicPartition[]): void {
    if (partitions.length === 0) return;
    for (const partition of partitions) {
      this.#fetcher.cursors.remove(partition);
      this.#tenures.delete(partitionKey(partition));
    }
    this.#listener.revoked(partitions);
  }

  /** Looks the committed positions up, however often it takes; a seek in the meantime wins. */
  async #startAtCommitted(pending: readonly Cursor[]): Promise<void> {
    const { cursors } = this.#fetcher;
    const backoff = new Backoff();
    for (let wanted = pending; wanted.length > 0 && this.#closing === null; wanted = wanted.filter((cursor) => cursors.holds(cursor))) {
      try {
        const committed = new Map((await this.#coordinator.committed(wanted)).map((position) => [partitionKey(position), position.offset]));
        for (const cursor of wanted) if (cursors.holds(cursor)) cursor.position = committed.get(partitionKey(cursor)) ?? this.#options.from;
        this.#positionError = null;
        return this.#fetcher.wake();
      } catch (error) {
        this.#positionError = asSluiceError(error, 'committed positions cannot be read').message;
        await this.#context.clock.sleep(backoff.next());
      }
    }
  }

  /** After a rebalance that the partitions survived a commit is good again, under the new generation. */
  async #mayCommitAgain(error: unknown, generation: number): Promise<boolean> {
    if (!isRebalancing(error) && !isFenced(error)) return false;
    if (this.#member.rebalancing) await this.#settledInTime();
    if (this.#member.generation !== generation) return this.#member.membership !== null;
    if (isFenced(error)) this.#loseEverything();
    return isRebalancing(error);
  }

  async #settledInTime(): Promise<void> {
    const timer = new AbortController();
    const timeout = this.#context.clock.sleep(this.#context.settings.requestTimeoutMs, timer.signal).catch(() => undefined);
    await Promise.race([this.#member.settled(), timeout]);
    timer.abort();
  }

  #loseEverything(): void {
    this.#revoke(this.#fetcher.cursors.partitions());
    this.#member.lost();
  }

  #commitError(error: unknown): SluiceError {
    return isRebalancing(error) || isFenced(error) ? this.#fenced(error) : asSluiceError(error, 'the commit failed', { group: this.#options.group });
  }

  #fenced(cause?: unknown): SluiceError {
    return new SluiceError('KAFKA_FENCED', `the partition belongs to another generation of group ${this.#options.group}`, { cause, details: { group: this.#options.group } });
  }
}
