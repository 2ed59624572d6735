import { type API, apiVersionsV3, type Broker, type Connection, ConnectionPool, metadataV12, ResponseError } from '@platformatic/kafka';
import { SluiceError } from '../../../domain/errors.ts';
import type { KafkaSettings } from '../settings.ts';
import type { PartitionReplication, ReplicationReport } from '../../../ports/record-log.ts';
import { asSluiceError } from './errors.ts';
import { connectionOptions } from './options.ts';

export interface TopicMetadata {
  readonly id: string;
  /** Leader by partition; null while there is none. */
  readonly leaders: readonly (number | null)[];
}

/**
 * Connections of one client to one cluster, with what is known about its brokers and topics. A pool of its own, so that a
 * fetch that waits for records never stands before a heartbeat.
 */
export class Cluster {
  readonly #pool: ConnectionPool;
  readonly #bootstrap: readonly Broker[];
  readonly #clientId: string;
  #brokers = new Map<number, Broker>();
  #topics = new Map<string, TopicMetadata>();
  #firstBroker = 0;
  #versions: ReadonlyMap<number, readonly [number, number]> | null = null;
  #closed = false;

  constructor(settings: KafkaSettings) {
    this.#pool = new ConnectionPool(settings.clientId, connectionOptions(settings));
    this.#bootstrap = settings.brokers.map(brokerOf);
    this.#clientId = settings.clientId;
  }

  get closed(): boolean { return this.#closed; }

  /** What the last refresh knew; undefined for topics that it did not find. */
  topic(name: string): TopicMetadata | undefined { return this.#topics.get(name); }

  /** One call to one broker, by its number. Rejects with the library's error. */
  async call<Args extends unknown[], Answer>(broker: number, api: API<Args, Answer>, ...args: Args): Promise<Answer> {
    return api.async(await this.connection(broker), ...args);
  }

  /** The connection to a broker, made where there is none. */
  async connection(broker: number): Promise<Connection> {
    const address = this.#brokers.get(broker);
    if (address === undefined) throw new SluiceError('KAFKA_UNAVAILABLE', `broker ${broker} is not known`);
    return this.#pool.get(address);
  }

  /** One call to any broker. */
  async callAny<Args extends unknown[], Answer>(api: API<Args, Answer>, ...args: Args): Promise<Answer> {
    try {
      return await api.async(await this.#anyConnection(), ...args);
    } catch (error) {
      // A broker that takes connections and never answers must not be the first choice again.
      this.#firstBroker += 1;
      throw error;
    }
  }

  /** The highest version of an API that both sides know. Rejects with `KAFKA_REFUSED` where there is none. */
  async version(key: number, name: string, lowest: number, highest: number): Promise<number> {
    this.#versions ??= await this.#readVersions();
    const [min, max] = this.#versions.get(key) ?? [0, -1];
    const version = Math.min(max, highest);
    if (version >= lowest && version >= min) return version;
    throw new SluiceError('KAFKA_REFUSED', `the brokers speak ${name} ${min}…${max}, Sluice speaks ${lowest}…${highest}: Kafka 3.1 or newer is needed`, { details: { name, min, max } });
  }

  /** Asks for brokers and topics anew. Unknown topics are left out, not thrown. */
  async refresh(topics: readonly string[]): Promise<void> {
    const response = await this.#metadata(topics);
    this.#brokers = new Map(response.brokers.map(({ nodeId, host, port }) => [nodeId, { host, port }]));
    for (const name of topics) this.#topics.delete(name);
    for (const { errorCode, name, topicId, partitions } of response.topics) {
      if (name == null || errorCode !== 0) continue;
      const leaders: (number | null)[] = [];
      for (const { partitionIndex, leaderId } of partitions) leaders[partitionIndex] = leaderId >= 0 ? leaderId : null;
      this.#topics.set(name, { id: topicId, leaders });
    }
  }

  /** The copies of each partition, asked for anew. */
  async replication(topics: readonly string[]): Promise<ReplicationReport> {
    const { brokers, topics: found } = await this.#metadata(topics);
    const partitions = found.flatMap(({ name, partitions: all }) => (name == null ? [] : all.map((partition): PartitionReplication => (
      { topic: name, partition: partition.partitionIndex, hasLeader: partition.leaderId >= 0, replicas: partition.replicaNodes.length, inSync: partition.isrNodes.length }
    ))));
    return { brokers: brokers.length, partitions };
  }

  /** Notes where a broker is that some answer told of. */
  learn(id: number, broker: Broker): void { this.#brokers.set(id, broker); }

  async close(): Promise<void> {
    this.#closed = true;
    // Waiting requests are abandoned: a long poll would hold a polite close back.
    for (const [, connection] of this.#pool) connection.socket?.destroy();
    await this.#pool.close();
  }

  async #metadata(topics: readonly string[]): Promise<metadataV12.MetadataResponse> {
    try {
      return await this.callAny(metadataV12.api, [...topics], false, false);
    } catch (error) {
      // One topic without a leader is reported as a failure of the whole; the answer is inside.
      if (error instanceof ResponseError) return error['response'] as metadataV12.MetadataResponse;
      throw asSluiceError(error, 'the cluster cannot be reached');
    }
  }

  async #readVersions(): Promise<ReadonlyMap<number, readonly [number, number]>> {
    const { apiKeys } = await this.callAny(apiVersionsV3.api, this.#clientId, '1');
    return new Map(apiKeys.map(({ apiKey, minVersion, maxVersion }) => [apiKey, [minVersion, maxVersion]]));
  }

  async #anyConnection(): Promise<Connection> {
    const known = [...this.#brokers.values(), ...this.#bootstrap];
    const first = this.#firstBroker % known.length;
    return this.#pool.getFirstAvailable([...known.slice(first), ...known.slice(0, first)]);
  }
}

function brokerOf(address: string): Broker {
  const colon = address.lastIndexOf(':');
  return { host: address.slice(0, colon), port: Number(address.slice(colon + 1)) };
}
