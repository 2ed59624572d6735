import type { CompressionTypes, Message, Producer, TopicMessages } from 'kafkajs';
import type { Compression, OutgoingRecord, ProducerOptions, RecordProducer } from '../../../ports/record-log.ts';
import { BoundedProducer, type InnerProducer } from '../bounded-producer.ts';
import type { LogContext } from '../context.ts';
import { partitionOfKey } from '../murmur2.ts';
import { kafkajsClient } from './client.ts';
import { asSluiceError, isTooLarge } from './errors.ts';
import { library } from './library.ts';

/** How kafkajs calls the codecs. */
const CODECS = { none: 'None', gzip: 'GZIP', snappy: 'Snappy', lz4: 'LZ4', zstd: 'ZSTD' } as const;
const ALL = -1;

/** Idempotent, acks=all, through kafkajs. */
export function kafkajsProducer(context: LogContext, { compression, deliveryTimeoutMs }: ProducerOptions): RecordProducer {
  return new BoundedProducer({ clock: context.clock, deliveryTimeoutMs, isTooLarge, toSluiceError: asSluiceError, create: () => new KafkajsInner(context, compression) });
}

/** Some minutes: the delivery time-out ends it before. */
const RETRIES = 20;

class KafkajsInner implements InnerProducer {
  readonly #context: LogContext;
  readonly #codec: CompressionTypes;
  readonly #topics = new Set<string>();
  #client: Producer | null = null;
  #roundRobin = 0;

  constructor(context: LogContext, compression: Compression) {
    this.#context = context;
    this.#codec = library().CompressionTypes[CODECS[compression]];
  }

  async send(records: readonly OutgoingRecord[]): Promise<void> {
    const byTopic = Map.groupBy(records, ({ topic }) => topic);
    const topicMessages: TopicMessages[] = [...byTopic].map(([topic, group]) => ({ topic, messages: group.map(toMessage) }));
    const client = await this.#clientFor([...byTopic.keys()]);
    await client.sendBatch({ topicMessages, acks: ALL, compression: this.#codec });
  }

  async close(): Promise<void> {
    await this.#client?.disconnect();
    this.#client = null;
  }

  /** A new topic makes kafkajs ask for all it knows, and fail if one of them was deleted: so a new topic gets a new client. */
  async #clientFor(topics: readonly string[]): Promise<Producer> {
    if (topics.some((topic) => !this.#topics.has(topic))) await this.close();
    for (const topic of topics) this.#topics.add(topic);
    if (this.#client !== null) return this.#client;
    const client = this.#create();
    await client.connect();
    return (this.#client = client);
  }

  #create(): Producer {
    return kafkajsClient(this.#context).producer({
      idempotent: true,
      maxInFlightRequests: 1,
      retry: { retries: RETRIES },
      allowAutoTopicCreation: false,
      createPartitioner: () => ({ partitionMetadata, message }) => {
        if (message.partition !== undefined) return message.partition;
        return message.key == null ? this.#roundRobin++ % partitionMetadata.length : partitionOfKey(message.key as Buffer, partitionMetadata.length);
      },
    });
  }
}

function toMessage({ key, value, headers, timestamp, partition }: OutgoingRecord): Message {
  return {
    key,
    value,
    ...(headers !== undefined && { headers: Object.fromEntries(headers) }),
    ...(timestamp !== undefined && { timestamp: String(timestamp) }),
    ...(partition !== undefined && { partition }),
  };
}
