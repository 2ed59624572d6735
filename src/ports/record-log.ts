import type { PartitionPosition, TopicPartition } from '../domain/partition.ts';

/**
 * The partitioned log that Sluice reads from and writes to (Kafka in production).
 * Offsets are plain numbers: they stay below 2^53. Times are epoch milliseconds.
 */
export type { PartitionPosition, TopicPartition };

/**
 * A run of consecutive records of one partition, as fetched.
 * Accessors read lazily from shared memory: a returned Buffer is a view that lives as long as the block, never to be
 * written to. Offsets inside a block rise, but may have gaps (compaction, control records).
 */
export interface RecordBlock extends TopicPartition {
  /** Number of records; 0 where the fetched range held none to hand out (`nextOffset` still moves). */
  readonly count: number;
  /** Memory that the block keeps alive, in bytes. */
  readonly bytes: number;
  /** First offset after this block. */
  readonly nextOffset: number;
  /** End of the partition when the block was fetched (first offset that did not exist). */
  readonly highWatermark: number;
  offset(index: number): number;
  /** Record timestamp, epoch ms. */
  timestamp(index: number): number;
  key(index: number): Buffer | null;
  value(index: number): Buffer | null;
  /** First header of that name, or null. */
  header(index: number, name: string): Buffer | null;
}

export interface PollOptions {
  /** Upper bound of the fetched bytes; one record larger than this is still handed out, alone. */
  readonly maxBytes: number;
  /** How long to wait for the first record, ms. */
  readonly maxWaitMs: number;
  /** A broker may gather so much before it answers, within `maxWaitMs`; an adapter that cannot ask for it answers sooner. Default: anything. */
  readonly minBytes?: number;
}

/** Told about the partitions of a group member. Calls are synchronous and in order; the listener must not throw. */
export interface AssignmentListener {
  assigned(partitions: readonly TopicPartition[]): void;
  /** After this call commits for these partitions are refused; records already handed out may be finished or dropped. */
  revoked(partitions: readonly TopicPartition[]): void;
  /** The group is about to deal anew: what is committed by the time this resolves is not read again by others. Waited for a short while; not every adapter calls it. */
  handOver?(): Promise<void>;
}

/**
 * A member of a consumer group, driven by `poll`: not polling is pausing, and memory is bounded by what was polled.
 * Connection losses are retried inside for as long as it takes, with back-off; they show in `health()`.
 */
export interface RecordConsumer {
  /** Joins the group; resolves when the first assignment is known. */
  start(listener: AssignmentListener): Promise<void>;
  /**
   * Blocks in partition order, of partitions that are assigned at the moment when it resolves; at most one poll in flight; empty after `maxWaitMs`, or when interrupted by `close`. Rejects
   * with SluiceError `KAFKA_UNREADABLE` at records that cannot be decoded (their partition stands still, the others go on
   * with the next poll) and `KAFKA_REFUSED` when the broker denies it.
   */
  poll(options: PollOptions): Promise<RecordBlock[]>;
  /** Commits positions of assigned partitions. Rejects with SluiceError `KAFKA_FENCED` when the generation has moved on, `KAFKA_UNAVAILABLE` when the coordinator cannot be reached. */
  commit(positions: readonly PartitionPosition[]): Promise<void>;
  /** Moves the reading position of an assigned partition; records fetched ahead are dropped. */
  seek(position: PartitionPosition): void;
  pause(partitions: readonly TopicPartition[]): void;
  resume(partitions: readonly TopicPartition[]): void;
  health(): ConsumerHealth;
  /** Leaves the group at once (no session time-out for the others). Safe to call twice. */
  close(): Promise<void>;
}

export interface ConsumerHealth {
  readonly connected: boolean;
  readonly assigned: readonly TopicPartition[];
  /** What went wrong last, null while all is well. */
  readonly lastError: string | null;
  readonly generation: number;
}

/** Reads single partitions from given positions, outside of any group. `positions` decides what is read. */
export interface RecordReader {
  /** Starts, or moves, the reading of a partition. */
  seek(position: PartitionPosition): void;
  /** Stops reading a partition. */
  drop(partition: TopicPartition): void;
  poll(options: PollOptions): Promise<RecordBlock[]>;
  close(): Promise<void>;
}

export interface OutgoingRecord {
  readonly topic: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers?: ReadonlyMap<string, Buffer>;
  /** Epoch ms; the time of sending when absent. */
  readonly timestamp?: number;
  /** Partition; chosen from the key (murmur2, as every Kafka client does) when absent. */
  readonly partition?: number;
}

/** Idempotent, acks=all. */
export interface RecordProducer {
  /**
   * Resolves when every record is acknowledged. Rejects with SluiceError: `KAFKA_UNAVAILABLE` (try later; bounded by the
   * producer's delivery time-out), `KAFKA_RECORD_TOO_LARGE` (one record over the broker's limit; none or some written).
   * Records of one partition keep their order within a call and across calls that do not overlap.
   */
  send(records: readonly OutgoingRecord[]): Promise<void>;
  close(): Promise<void>;
}

export interface TopicSpec {
  readonly name: string;
  readonly partitions: number;
  readonly replicas: number;
  /** Topic-level settings, such as `retention.ms`. */
  readonly config?: Readonly<Record<string, string>>;
}

export interface PartitionRange extends TopicPartition {
  /** First offset still there. */
  readonly earliest: number;
  /** First offset that does not exist yet. */
  readonly latest: number;
}

/** Whether the copies of a partition are what they should be. */
export interface PartitionReplication extends TopicPartition {
  readonly hasLeader: boolean;
  readonly replicas: number;
  readonly inSync: number;
}

export interface ReplicationReport {
  /** Brokers that are up. */
  readonly brokers: number;
  readonly partitions: readonly PartitionReplication[];
}

export interface RecordLogAdmin {
  /** Creates what is missing and leaves what is there; resolves when the topics can be used. Returns the names created. */
  ensureTopics(topics: readonly TopicSpec[]): Promise<string[]>;
  /** Topics that are not there count as deleted. Their names may be listed for a moment longer. */
  deleteTopics(names: readonly string[]): Promise<void>;
  listTopics(): Promise<string[]>;
  addPartitions(topic: string, total: number): Promise<void>;
  /** One range per partition, in order. Unknown topics reject with `KAFKA_UNKNOWN_TOPIC`. */
  ranges(topics: readonly string[]): Promise<PartitionRange[]>;
  /** The copies of each partition as the brokers see them; topics that are not there are left out. */
  replication(topics: readonly string[]): Promise<ReplicationReport>;
  /** Committed positions of a group; partitions without one are absent. */
  committed(group: string, topics: readonly string[]): Promise<PartitionPosition[]>;
  /** Writes positions of a group that has no members. */
  setCommitted(group: string, positions: readonly PartitionPosition[]): Promise<void>;
  close(): Promise<void>;
}

export interface ConsumerOptions {
  readonly group: string;
  readonly topics: readonly string[];
  /** Where to begin without a committed position. */
  readonly from: 'earliest' | 'latest';
  readonly sessionTimeoutMs?: number;
  readonly rebalanceTimeoutMs?: number;
  readonly heartbeatIntervalMs?: number;
}

export type Compression = 'none' | 'lz4' | 'zstd' | 'gzip' | 'snappy';

export interface ProducerOptions {
  readonly compression: Compression;
  /** A send that is not acknowledged within this time rejects, ms. */
  readonly deliveryTimeoutMs: number;
}

/** One Kafka cluster, seen through one client library. */
export interface RecordLog {
  consumer(options: ConsumerOptions): RecordConsumer;
  reader(): RecordReader;
  producer(options: ProducerOptions): RecordProducer;
  admin(): RecordLogAdmin;
}
