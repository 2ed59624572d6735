import { Admin } from '@platformatic/kafka';
import { SluiceError } from '../../../domain/errors.ts';
import type { PartitionPosition, PartitionRange, RecordLogAdmin, ReplicationReport, TopicPartition, TopicSpec } from '../../../ports/record-log.ts';
import { Cluster } from './cluster.ts';
import type { LogContext } from '../context.ts';
import { deletePresent } from '../delete-present.ts';
import { Coordinator } from './coordinator.ts';
import { partitionKey } from './cursor.ts';
import { asSluiceError, isProtocolError } from './errors.ts';
import { lookUpOffsets } from './offset-lookup.ts';
import { clientOptions } from './options.ts';

const RETRIES = 3;
const PROBE_MS = 50;

export class PlatformaticAdmin implements RecordLogAdmin {
  readonly #context: LogContext;
  readonly #client: Admin;
  readonly #cluster: Cluster;

  constructor(context: LogContext) {
    this.#context = context;
    this.#client = new Admin(clientOptions(context.settings, RETRIES));
    this.#cluster = new Cluster(context.settings);
  }

  async ensureTopics(topics: readonly TopicSpec[]): Promise<string[]> {
    const existing = new Set(await this.listTopics());
    const created: string[] = [];
    for (const topic of topics) {
      if (!existing.has(topic.name) && (await this.#create(topic))) created.push(topic.name);
    }
    await this.#usable(topics.map(({ name }) => name));
    return created;
  }

  async deleteTopics(names: readonly string[]): Promise<void> {
    await deletePresent(names, {
      list: () => this.listTopics(),
      remove: (present) => translate('topics could not be deleted', () => this.#client.deleteTopics({ topics: [...present] })),
    });
  }

  listTopics(): Promise<string[]> {
    return translate('topics could not be listed', () => this.#client.listTopics({ includeInternals: false }));
  }

  async addPartitions(topic: string, total: number): Promise<void> {
    await translate(`partitions could not be added to ${topic}`, () => this.#client.createPartitions({ topics: [{ name: topic, count: total }] }));
    await this.#until(() => (this.#cluster.topic(topic)?.leaders.length ?? 0) >= total, [topic]);
    await this.#usable([topic]);
  }

  async ranges(topics: readonly string[]): Promise<PartitionRange[]> {
    await translate('the cluster cannot be reached', () => this.#cluster.refresh(topics));
    const partitions = topics.flatMap((topic) => this.#partitionsOf(topic));
    const [earliest, latest] = await Promise.all([this.#offsets(topics, partitions, 'earliest'), this.#offsets(topics, partitions, 'latest')]);
    return partitions.map((partition, index) => ({ ...partition, earliest: earliest[index] as number, latest: latest[index] as number }));
  }

  replication(topics: readonly string[]): Promise<ReplicationReport> {
    return translate('the cluster cannot be reached', () => this.#cluster.replication(topics));
  }

  async committed(group: string, topics: readonly string[]): Promise<PartitionPosition[]> {
    await translate('the cluster cannot be reached', () => this.#cluster.refresh(topics));
    const partitions = topics.flatMap((topic) => (this.#cluster.topic(topic) === undefined ? [] : this.#partitionsOf(topic)));
    if (partitions.length === 0) return [];
    return translate(`positions of ${group} could not be read`, () => this.#coordinatorOf(group).committed(partitions));
  }

  async setCommitted(group: string, positions: readonly PartitionPosition[]): Promise<void> {
    if (positions.length === 0) return;
    try {
      await this.#coordinatorOf(group).commit(NO_MEMBER, positions);
    } catch (error) {
      if (isProtocolError(error, 'UNKNOWN_MEMBER_ID', 'ILLEGAL_GENERATION')) throw new SluiceError('KAFKA_REFUSED', `group ${group} has members: only they can commit`, { cause: error, details: { group } });
      throw asSluiceError(error, `positions of ${group} could not be written`, { group });
    }
  }

  async close(): Promise<void> {
    await Promise.all([this.#client.close(), this.#cluster.close()]);
  }

  async #create({ name, partitions, replicas, config = {} }: TopicSpec): Promise<boolean> {
    const configs = Object.entries(config).map(([key, value]) => ({ name: key, value }));
    try {
      await this.#client.createTopics({ topics: [{ topic: name, partitions, replicas }], configs });
      return true;
    } catch (error) {
      if (isProtocolError(error, 'TOPIC_ALREADY_EXISTS')) return false;
      throw asSluiceError(error, `topic ${name} could not be created`, { topic: name });
    }
  }

  /** Waits until every partition has a leader: right after creation a topic cannot be written to. */
  async #usable(topics: readonly string[]): Promise<void> {
    await this.#until(() => topics.every((topic) => this.#cluster.topic(topic)?.leaders.every((leader) => leader !== null) ?? false), topics);
    // A leader that the metadata names may not have taken office yet: only an answer proves it.
    await this.#offsets(topics, topics.flatMap((topic) => this.#partitionsOf(topic)), 'latest');
  }

  /** One offset per partition, in order; partitions whose leader is moving are asked again. */
  async #offsets(topics: readonly string[], partitions: readonly TopicPartition[], which: 'earliest' | 'latest'): Promise<number[]> {
    const found = new Map<string, number>();
    const missing = () => partitions.filter((partition) => !found.has(partitionKey(partition)));
    await this.#until(async () => {
      const questions = missing().map(({ topic, partition }) => ({ topic, partition, which }));
      for (const answer of await lookUpOffsets(this.#cluster, questions)) found.set(partitionKey(answer), answer.offset);
      return missing().length === 0;
    }, topics);
    return partitions.map((partition) => found.get(partitionKey(partition)) as number);
  }

  async #until(ready: () => boolean | Promise<boolean>, topics: readonly string[]): Promise<void> {
    const { clock, settings } = this.#context;
    const deadline = clock.monotonic() + settings.requestTimeoutMs;
    for (;;) {
      await translate('the cluster cannot be reached', () => this.#cluster.refresh(topics));
      if (await translate('the cluster cannot be reached', async () => ready())) return;
      if (clock.monotonic() > deadline) throw new SluiceError('KAFKA_UNAVAILABLE', `topics have no leader that answers: ${topics.join(', ')}`);
      await clock.sleep(PROBE_MS);
    }
  }

  #partitionsOf(topic: string): { topic: string; partition: number }[] {
    const found = this.#cluster.topic(topic);
    if (found === undefined) throw new SluiceError('KAFKA_UNKNOWN_TOPIC', `topic ${topic} does not exist`, { details: { topic } });
    return found.leaders.map((_, partition) => ({ topic, partition }));
  }

  #coordinatorOf(group: string): Coordinator {
    return new Coordinator({ cluster: this.#cluster, clock: this.#context.clock, group, patienceMs: this.#context.settings.requestTimeoutMs });
  }
}

/** Brokers take such commits for groups without members. */
const NO_MEMBER = { memberId: '', generation: -1 };

async function translate<T>(what: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw asSluiceError(error, what);
  }
}
