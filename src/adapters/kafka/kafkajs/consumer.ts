import type { Consumer } from 'kafkajs';
import { messageOf, SluiceError } from '../../../domain/errors.ts';
import type { AssignmentListener, ConsumerHealth, ConsumerOptions, PartitionPosition, PollOptions, RecordBlock, RecordConsumer, TopicPartition } from '../../../ports/record-log.ts';
import { Backoff } from '../backoff.ts';
import type { LogContext } from '../context.ts';
import { METADATA_REFRESH_MS } from '../settings.ts';
import { kafkajsClient } from './client.ts';
import { asSluiceError } from './errors.ts';
import { HandOver } from './hand-over.ts';

const SESSION_TIMEOUT_MS = 15_000;
const REBALANCE_TIMEOUT_MS = 30_000;
const HEARTBEAT_INTERVAL_MS = 3_000;
/** kafkajs fixes these when the consumer is made: a poll's `maxBytes` bounds what is handed out, these what is held. */
const FETCH_BYTES = 4 * 1024 * 1024;
const PARTITION_FETCH_BYTES = 1024 * 1024;
const FETCH_WAIT_MS = 500;
const BATCHES_WAITING = 4;
const RETRIES = 5;

/**
 * A group member through kafkajs. What kafkajs cannot give: every rebalance revokes all partitions and assigns them anew
 * from the committed position (nothing is kept); a commit is made under whatever generation kafkajs is in when it is sent, so
 * the check against our assignment leaves a window of milliseconds; memory is bounded by a fixed fetch size, not by the poll.
 */
export class KafkajsConsumer implements RecordConsumer {
  readonly #context: LogContext;
  readonly #options: ConsumerOptions;
  readonly #client: Consumer;
  readonly #handOver: HandOver;
  readonly #joined = Promise.withResolvers<void>();
  #listener: AssignmentListener = { assigned: () => {}, revoked: () => {} };
  #assigned: readonly TopicPartition[] = [];
  #generation = 0;
  #lastError: string | null = null;
  #closing: Promise<void> | null = null;

  constructor(context: LogContext, options: ConsumerOptions) {
    const { sessionTimeoutMs = SESSION_TIMEOUT_MS, rebalanceTimeoutMs = REBALANCE_TIMEOUT_MS, heartbeatIntervalMs = HEARTBEAT_INTERVAL_MS } = options;
    this.#context = context;
    this.#options = options;
    this.#handOver = new HandOver(context.clock);
    this.#client = kafkajsClient(context).consumer({
      groupId: options.group,
      sessionTimeout: sessionTimeoutMs,
      rebalanceTimeout: rebalanceTimeoutMs,
      heartbeatInterval: heartbeatIntervalMs,
      maxBytes: FETCH_BYTES,
      maxBytesPerPartition: PARTITION_FETCH_BYTES,
      maxWaitTimeInMs: FETCH_WAIT_MS,
      metadataMaxAge: context.settings.metadataRefreshMs ?? METADATA_REFRESH_MS,
      allowAutoTopicCreation: false,
      retry: { retries: RETRIES, restartOnFailure: async () => false },
    });
    this.#listen();
  }

  async start(listener: AssignmentListener): Promise<void> {
    this.#listener = listener;
    void this.#run();
    await this.#joined.promise;
  }

  poll(options: PollOptions): Promise<RecordBlock[]> { return this.#handOver.poll(options); }

  async commit(positions: readonly PartitionPosition[]): Promise<void> {
    if (positions.length === 0) return;
    if (this.#closing !== null || !positions.every((position) => this.#has(position))) throw this.#fenced();
    try {
      await this.#client.commitOffsets(positions.map(({ topic, partition, offset }) => ({ topic, partition, offset: String(offset) })));
    } catch (error) {
      throw asSluiceError(error, 'the commit failed', { group: this.#options.group });
    }
  }

  seek(position: PartitionPosition): void {
    if (!this.#has(position)) throw this.#fenced();
    this.#client.seek({ topic: position.topic, partition: position.partition, offset: String(position.offset) });
    this.#handOver.drop([position]);
  }

  pause(partitions: readonly TopicPartition[]): void {
    this.#client.pause(partitions.map(({ topic, partition }) => ({ topic, partitions: [partition] })));
    this.#handOver.pause(partitions);
  }

  resume(partitions: readonly TopicPartition[]): void {
    this.#handOver.resume(partitions);
    this.#client.resume(partitions.map(({ topic, partition }) => ({ topic, partitions: [partition] })));
  }

  health(): ConsumerHealth {
    return { connected: this.#lastError === null && this.#generation > 0, assigned: this.#assigned, lastError: this.#lastError, generation: this.#generation };
  }

  close(): Promise<void> { return (this.#closing ??= this.#close()); }

  async #close(): Promise<void> {
    this.#reassign([]);
    this.#handOver.close();
    this.#joined.resolve();
    await this.#client.disconnect().catch(() => undefined);
  }

  #listen(): void {
    const { GROUP_JOIN, HEARTBEAT, CRASH, REQUEST_TIMEOUT } = this.#client.events;
    this.#client.on(GROUP_JOIN, ({ payload: { memberAssignment } }) => {
      this.#generation += 1;
      this.#lastError = null;
      this.#reassign(Object.entries(memberAssignment).flatMap(([topic, partitions]) => partitions.map((partition) => ({ topic, partition }))));
      this.#joined.resolve();
    });
    this.#client.on(HEARTBEAT, () => { this.#lastError = null; });
    this.#client.on(REQUEST_TIMEOUT, ({ payload: { apiName, broker } }) => { this.#lastError = `${apiName} to ${broker} timed out`; });
    // kafkajs has given up; we do not.
    this.#client.on(CRASH, ({ payload: { error } }) => {
      this.#lastError = messageOf(error);
      void this.#run();
    });
  }

  #reassign(partitions: readonly TopicPartition[]): void {
    const before = this.#assigned;
    this.#assigned = partitions;
    this.#handOver.drop(before);
    if (before.length > 0) this.#listener.revoked(before);
    if (partitions.length > 0 && this.#closing === null) this.#listener.assigned(partitions);
  }

  /** Connects and runs, however often it takes. */
  async #run(): Promise<void> {
    const { clock, hooks } = this.#context;
    const backoff = new Backoff();
    while (this.#closing === null) {
      try {
        await clock.sleep(backoff.next());
        await this.#client.connect();
        await this.#client.stop();
        await this.#client.subscribe({ topics: [...this.#options.topics], fromBeginning: this.#options.from === 'earliest' });
        return await this.#client.run({
          autoCommit: false,
          eachBatchAutoResolve: false,
          partitionsConsumedConcurrently: BATCHES_WAITING,
          eachBatch: (payload) => this.#handOver.offer(payload),
        });
      } catch (error) {
        this.#lastError = messageOf(error);
        hooks.onWarning('joining the group failed; trying again', { group: this.#options.group, reason: this.#lastError });
      }
    }
  }

  #has(partition: TopicPartition): boolean {
    return this.#assigned.some((own) => own.topic === partition.topic && own.partition === partition.partition);
  }

  #fenced(): SluiceError {
    return new SluiceError('KAFKA_FENCED', `the partition belongs to another generation of group ${this.#options.group}`, { details: { group: this.#options.group } });
  }
}
