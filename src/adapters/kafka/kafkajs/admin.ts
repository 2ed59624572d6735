import type { Admin, ITopicConfig } from 'kafkajs';
import { SluiceError } from '../../../domain/errors.ts';
import type { PartitionPosition, PartitionRange, RecordLogAdmin, ReplicationReport, TopicSpec } from '../../../ports/record-log.ts';
import type { LogContext } from '../context.ts';
import { deletePresent } from '../delete-present.ts';
import { kafkajsClient } from './client.ts';
import { asSluiceError } from './errors.ts';

const PROBE_MS = 100;

export class KafkajsAdmin implements RecordLogAdmin {
  readonly #context: LogContext;
  readonly #client: Admin;
  #connected: Promise<void> | null = null;

  constructor(context: LogContext) {
    this.#context = context;
    this.#client = kafkajsClient(context).admin();
  }

  async ensureTopics(topics: readonly TopicSpec[]): Promise<string[]> {
    const existing = new Set(await this.listTopics());
    const missing = topics.filter(({ name }) => !existing.has(name));
    const created: string[] = [];
    for (const topic of missing) {
      if (await this.#call('topics could not be created', (client) => client.createTopics({ topics: [toConfig(topic)], waitForLeaders: false }))) created.push(topic.name);
    }
    await this.#usable(topics.map(({ name }) => name));
    return created;
  }

  async deleteTopics(names: readonly string[]): Promise<void> {
    await deletePresent(names, {
      list: () => this.listTopics(),
      remove: (present) => this.#call('topics could not be deleted', (client) => client.deleteTopics({ topics: [...present] })),
    });
  }

  async listTopics(): Promise<string[]> {
    const topics = await this.#call('topics could not be listed', (client) => client.listTopics());
    return topics.filter((topic) => !topic.startsWith('__'));
  }

  async addPartitions(topic: string, total: number): Promise<void> {
    await this.#call('partitions could not be added', (client) => client.createPartitions({ topicPartitions: [{ topic, count: total }] }));
    await this.#until(`${topic} has fewer than ${total} partitions`, async () => (await this.ranges([topic])).length >= total);
  }

  async ranges(topics: readonly string[]): Promise<PartitionRange[]> {
    const ranges: PartitionRange[] = [];
    for (const topic of topics) {
      const offsets = await this.#call(`offsets of ${topic} could not be read`, (client) => client.fetchTopicOffsets(topic));
      ranges.push(...offsets.map(({ partition, low, high }) => ({ topic, partition, earliest: Number(low), latest: Number(high) })).sort((a, b) => a.partition - b.partition));
    }
    return ranges;
  }

  async replication(topics: readonly string[]): Promise<ReplicationReport> {
    const known = new Set(await this.listTopics());
    const { brokers } = await this.#call('the brokers could not be listed', (client) => client.describeCluster());
    const { topics: found } = await this.#call('topics could not be described', (client) => client.fetchTopicMetadata({ topics: topics.filter((topic) => known.has(topic)) }));
    const partitions = found.flatMap(({ name, partitions: all }) => all.map(({ partitionId, leader, replicas, isr }) => ({ topic: name, partition: partitionId, hasLeader: leader >= 0, replicas: replicas.length, inSync: isr.length })));
    return { brokers: brokers.length, partitions };
  }

  async committed(group: string, topics: readonly string[]): Promise<PartitionPosition[]> {
    const known = new Set(await this.listTopics());
    const asked = topics.filter((topic) => known.has(topic));
    if (asked.length === 0) return [];
    const found = await this.#call(`positions of ${group} could not be read`, (client) => client.fetchOffsets({ groupId: group, topics: asked }));
    return found.flatMap(({ topic, partitions }) => partitions.flatMap(({ partition, offset }) => (Number(offset) < 0 ? [] : [{ topic, partition, offset: Number(offset) }])));
  }

  async setCommitted(group: string, positions: readonly PartitionPosition[]): Promise<void> {
    for (const [topic, partitions] of Map.groupBy(positions, (position) => position.topic)) {
      const offsets = partitions.map(({ partition, offset }) => ({ partition, offset: String(offset) }));
      await this.#call(`positions of ${group} could not be written`, (client) => client.setOffsets({ groupId: group, topic, partitions: offsets }), group);
    }
  }

  async close(): Promise<void> { await this.#client.disconnect(); }

  async #usable(topics: readonly string[]): Promise<void> {
    await this.#until(`topics have no leaders yet: ${topics.join(', ')}`, async () => (await this.ranges(topics)).length > 0 || topics.length === 0);
  }

  async #until(complaint: string, ready: () => Promise<boolean>): Promise<void> {
    const { clock, settings } = this.#context;
    const deadline = clock.monotonic() + settings.requestTimeoutMs;
    for (;;) {
      if (await ready().catch(() => false)) return;
      if (clock.monotonic() > deadline) throw new SluiceError('KAFKA_UNAVAILABLE', complaint);
      await clock.sleep(PROBE_MS);
    }
  }

  async #call<T>(what: string, call: (client: Admin) => Promise<T>, group?: string): Promise<T> {
    try {
      await (this.#connected ??= this.#client.connect());
      return await call(this.#client);
    } catch (error) {
      if (error instanceof Error && /must have no running instances/.test(error.message)) throw new SluiceError('KAFKA_REFUSED', `group ${group} has members: only they can commit`, { cause: error, details: { group } });
      throw asSluiceError(error, what);
    }
  }
}

function toConfig({ name, partitions, replicas, config = {} }: TopicSpec): ITopicConfig {
  return { topic: name, numPartitions: partitions, replicationFactor: replicas, configEntries: Object.entries(config).map(([key, value]) => ({ name: key, value })) };
}
