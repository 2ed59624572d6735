import { randomUUID } from 'node:crypto';
import type { PartitionPosition, PollOptions, RecordBlock, RecordReader, TopicPartition } from '../../../ports/record-log.ts';
import type { LogContext } from '../context.ts';
import { kafkajsClient } from './client.ts';
import { KafkajsConsumer } from './consumer.ts';

interface TopicReader {
  readonly group: string;
  readonly consumer: KafkajsConsumer;
  /** Partitions that are read, and where to begin. */
  readonly wanted: Map<number, number>;
}

/** What one topic may hold a poll up for while others have records. */
const TURN_MS = 50;

/**
 * kafkajs reads in groups alone, so each topic gets a throw-away group with one member; partitions that nobody wants are
 * paused. The groups are deleted at the end.
 */
export class KafkajsReader implements RecordReader {
  readonly #context: LogContext;
  readonly #topics = new Map<string, TopicReader>();
  #closed = false;

  constructor(context: LogContext) {
    this.#context = context;
  }

  seek({ topic, partition, offset }: PartitionPosition): void {
    const reader = this.#topics.get(topic) ?? this.#open(topic);
    reader.wanted.set(partition, offset);
    this.#apply(reader, topic, partition);
  }

  drop({ topic, partition }: TopicPartition): void {
    const reader = this.#topics.get(topic);
    reader?.wanted.delete(partition);
    reader?.consumer.pause([{ topic, partition }]);
  }

  async poll({ maxBytes, maxWaitMs }: PollOptions): Promise<RecordBlock[]> {
    const { clock } = this.#context;
    const deadline = clock.monotonic() + maxWaitMs;
    for (;;) {
      for (const [topic, { consumer }] of [...this.#topics]) {
        const left = Math.max(0, Math.min(deadline - clock.monotonic(), this.#topics.size > 1 ? TURN_MS : maxWaitMs));
        const blocks = await consumer.poll({ maxBytes, maxWaitMs: left });
        if (blocks.length === 0) continue;
        for (const { partition, nextOffset } of blocks) this.#moved(topic, partition, nextOffset);
        return blocks;
      }
      if (this.#closed || clock.monotonic() >= deadline) return [];
      if (this.#topics.size === 0) await clock.sleep(Math.min(TURN_MS, maxWaitMs));
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    const readers = [...this.#topics.values()];
    this.#topics.clear();
    await Promise.all(readers.map(({ consumer }) => consumer.close()));
    if (readers.length === 0) return;
    const admin = kafkajsClient(this.#context).admin();
    // Should this fail, the empty groups expire by themselves.
    await admin.connect().then(() => admin.deleteGroups(readers.map(({ group }) => group))).catch(() => undefined);
    await admin.disconnect();
  }

  #open(topic: string): TopicReader {
    const group = `${this.#context.settings.clientId}.reader.${randomUUID()}`;
    const consumer = new KafkajsConsumer(this.#context, { group, topics: [topic], from: 'earliest' });
    const wanted = new Map<number, number>();
    const assigned = (partitions: readonly TopicPartition[]) => {
      for (const { partition } of partitions) this.#apply(reader, topic, partition);
    };
    void consumer.start({ assigned, revoked: () => {} });
    const reader = { group, consumer, wanted };
    this.#topics.set(topic, reader);
    return reader;
  }

  #apply({ consumer, wanted }: TopicReader, topic: string, partition: number): void {
    if (!consumer.health().assigned.some((own) => own.partition === partition)) return;
    const offset = wanted.get(partition);
    if (offset === undefined) return consumer.pause([{ topic, partition }]);
    consumer.seek({ topic, partition, offset });
    consumer.resume([{ topic, partition }]);
  }

  #moved(topic: string, partition: number, nextOffset: number): void {
    const wanted = this.#topics.get(topic)?.wanted;
    if (wanted?.has(partition)) wanted.set(partition, nextOffset);
  }
}
