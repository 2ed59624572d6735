import { type MessageToProduce, Producer } from '@platformatic/kafka';
import type { Clock } from '../../../ports/clock.ts';
import type { Compression, OutgoingRecord, ProducerOptions, RecordProducer } from '../../../ports/record-log.ts';
import { BoundedProducer, type InnerProducer } from '../bounded-producer.ts';
import { murmur2 } from '../murmur2.ts';
import type { LogContext } from '../context.ts';
import { asSluiceError, codeOf, isTooLarge } from './errors.ts';
import { clientOptions } from './options.ts';

type Message = MessageToProduce<Buffer, Buffer, Buffer, Buffer>;

/** Practically for ever: the delivery time-out ends it from outside. */
const RETRIES = 1_000_000;
/** A topic that was just created is unknown to some brokers for a moment. */
const TOPIC_RETRIES = 3;

/** Idempotent, acks=all, through the library's producer. */
export function platformaticProducer(context: LogContext, { compression, deliveryTimeoutMs }: ProducerOptions): RecordProducer {
  return new BoundedProducer({ clock: context.clock, deliveryTimeoutMs, isTooLarge, toSluiceError: asSluiceError, create: () => new PlatformaticInner(context, compression) });
}

class PlatformaticInner implements InnerProducer {
  readonly #client: Producer<Buffer, Buffer, Buffer, Buffer>;
  readonly #clock: Clock;
  readonly #known = new Set<string>();
  #roundRobin = 0;

  constructor({ settings, clock }: LogContext, compression: Compression) {
    this.#clock = clock;
    this.#client = new Producer<Buffer, Buffer, Buffer, Buffer>({
      ...clientOptions(settings, RETRIES),
      idempotent: true,
      timeout: settings.requestTimeoutMs,
      // The library takes it modulo the number of partitions.
      partitioner: (_message, key) => (key == null ? this.#roundRobin++ : murmur2(key) & 0x7fffffff),
      ...(compression === 'none' ? {} : { compression }),
    });
  }

  async send(records: readonly OutgoingRecord[]): Promise<void> {
    for (const { topic } of records) if (!this.#known.has(topic)) await this.#expectTopic(topic);
    const now = this.#clock.now();
    for (const run of runsOfNearTimestamps(records, now)) await this.#client.send({ messages: run.map((record) => toMessage(record, now)) });
  }

  /** The library would wait for a topic that does not exist until the delivery time-out, and not say why. */
  async #expectTopic(topic: string): Promise<void> {
    try {
      await this.#client.metadata({ topics: [topic], retries: TOPIC_RETRIES });
      this.#known.add(topic);
    } catch (error) {
      // Whatever else is wrong, the sending will find out, and has more patience.
      if (codeOf(error) === 'KAFKA_UNKNOWN_TOPIC') throw error;
    }
  }

  async close(): Promise<void> {
    for (const [, connection] of this.#client.connections) connection.socket?.destroy();
    await this.#client.close(true);
  }
}

/** @platformatic/kafka 2.12.1 writes timestamps wrong that lie 2^31 ms (25 days) or more from the first of their batch. */
const MAX_TIMESTAMP_SPAN_MS = 2 ** 31 - 1;

/** Cuts records into runs whose timestamps lie near enough to one another. */
function* runsOfNearTimestamps(records: readonly OutgoingRecord[], now: number): Generator<readonly OutgoingRecord[]> {
  let from = 0;
  let lowest = Infinity;
  let highest = -Infinity;
  for (let index = 0; index < records.length; index++) {
    const timestamp = records[index]?.timestamp ?? now;
    lowest = Math.min(lowest, timestamp);
    highest = Math.max(highest, timestamp);
    if (highest - lowest <= MAX_TIMESTAMP_SPAN_MS) continue;
    yield records.slice(from, index);
    from = index;
    lowest = highest = timestamp;
  }
  if (from < records.length) yield from === 0 ? records : records.slice(from);
}

function toMessage(record: OutgoingRecord, now: number): Message {
  const message: Message = { topic: record.topic, value: record.value as Buffer };
  if (record.key !== null) message.key = record.key;
  if (record.partition !== undefined) message.partition = record.partition;
  message.timestamp = BigInt(record.timestamp ?? now);
  if (record.headers !== undefined) message.headers = headersOf(record.headers);
  return message;
}

/** Header names remembered as bytes: a program writes a handful of them, over and over. */
const MAX_NAMES = 64;
const names = new Map<string, Buffer>();

function headersOf(headers: ReadonlyMap<string, Buffer>): Map<Buffer, Buffer> {
  const named = new Map<Buffer, Buffer>();
  for (const [name, value] of headers) named.set(names.get(name) ?? nameOf(name), value);
  return named;
}

function nameOf(name: string): Buffer {
  const bytes = Buffer.from(name);
  if (names.size < MAX_NAMES) names.set(name, bytes);
  return bytes;
}
