import type { AssignmentListener, OutgoingRecord, PartitionPosition, PollOptions, RecordBlock, RecordConsumer, RecordLog, TopicPartition } from '../../src/ports/record-log.ts';
import { waitFor } from '../support/stack.ts';

/** One record as values. */
export interface SeenRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly timestamp: number;
  readonly key: string | null;
  readonly value: string | null;
  readonly header: string | null;
}

/** Name of the header that `SeenRecord` shows. */
export const HEADER = 'sluice';
export const POLL: PollOptions = { maxBytes: 1024 * 1024, maxWaitMs: 200 };

interface Poller {
  poll(options: PollOptions): Promise<RecordBlock[]>;
}

export function recordsOf(block: RecordBlock): SeenRecord[] {
  const { topic, partition } = block;
  return Array.from({ length: block.count }, (_, index) => ({
    topic, partition,
    offset: block.offset(index),
    timestamp: block.timestamp(index),
    key: block.key(index)?.toString() ?? null,
    value: block.value(index)?.toString() ?? null,
    header: block.header(index, HEADER)?.toString() ?? null,
  }));
}

/** Polls until that many records are there. */
export async function collect(poller: Poller, count: number, options = POLL): Promise<SeenRecord[]> {
  const seen: SeenRecord[] = [];
  await waitFor(async () => {
    for (const block of await poller.poll(options)) seen.push(...recordsOf(block));
    return seen.length >= count;
  }, { what: `${count} records` });
  return seen;
}

/** A listener that keeps what it is told. */
export class Assignments implements AssignmentListener {
  readonly calls: { readonly kind: 'assigned' | 'revoked'; readonly partitions: number[] }[] = [];
  readonly #held = new Set<string>();
  handOver?: () => Promise<void>;
  readonly #onAssigned: (partitions: readonly TopicPartition[]) => void;

  constructor(onAssigned: (partitions: readonly TopicPartition[]) => void = () => {}) {
    this.#onAssigned = onAssigned;
  }

  get held(): string[] { return [...this.#held].toSorted(); }

  assigned(partitions: readonly TopicPartition[]): void {
    this.calls.push({ kind: 'assigned', partitions: partitions.map(({ partition }) => partition) });
    for (const { topic, partition } of partitions) this.#held.add(`${topic}/${partition}`);
    this.#onAssigned(partitions);
  }

  revoked(partitions: readonly TopicPartition[]): void {
    this.calls.push({ kind: 'revoked', partitions: partitions.map(({ partition }) => partition) });
    for (const { topic, partition } of partitions) this.#held.delete(`${topic}/${partition}`);
  }
}

export function record(topic: string, key: string | null, value: string | null, more: Partial<OutgoingRecord> = {}): OutgoingRecord {
  return { topic, key: key === null ? null : Buffer.from(key), value: value === null ? null : Buffer.from(value), ...more };
}

/** Records `v0`, `v1`, … to one partition. */
export function numbered(topic: string, partition: number, count: number, from = 0): OutgoingRecord[] {
  return Array.from({ length: count }, (_, index) => record(topic, `k${from + index}`, `v${from + index}`, { partition }));
}

/** Joins with frequent heartbeats, so that others are noticed soon. */
export async function join(log: RecordLog, group: string, topics: readonly string[], listener: AssignmentListener = new Assignments(), from: 'earliest' | 'latest' = 'earliest', sessionTimeoutMs = 30_000): Promise<RecordConsumer> {
  const consumer = log.consumer({ group, topics, from, sessionTimeoutMs, rebalanceTimeoutMs: 30_000, heartbeatIntervalMs: 300 });
  await consumer.start(listener);
  return consumer;
}

export function positionsAfter(records: readonly SeenRecord[]): PartitionPosition[] {
  const ends = new Map<string, PartitionPosition>();
  for (const { topic, partition, offset } of records) {
    const known = ends.get(`${topic}/${partition}`)?.offset ?? 0;
    ends.set(`${topic}/${partition}`, { topic, partition, offset: Math.max(known, offset + 1) });
  }
  return [...ends.values()];
}
