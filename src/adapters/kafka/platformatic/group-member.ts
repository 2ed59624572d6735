import { Consumer, type GroupPartitionsAssigner } from '@platformatic/kafka';
import { messageOf } from '../../../domain/errors.ts';
import type { Clock } from '../../../ports/clock.ts';
import type { ConsumerOptions, TopicPartition } from '../../../ports/record-log.ts';
import { Backoff } from '../backoff.ts';
import { type KafkaHooks, type KafkaSettings, METADATA_REFRESH_MS } from '../settings.ts';
import type { Cluster } from './cluster.ts';
import type { Membership } from './coordinator.ts';
import { clientOptions } from './options.ts';
import { dealPartitions, decodeClaim, encodeClaim } from './sticky-dealing.ts';

/** What a member tells its owner. */
export interface GroupEvents {
  /** The group has agreed; `kept` tells whether partitions that were ours before stayed ours without a break. */
  joined(partitions: readonly TopicPartition[], kept: boolean): void;
  /** Partitions may be dealt to others: the last moment to commit what was done with them. */
  handOver(): Promise<void>;
}

const SESSION_TIMEOUT_MS = 15_000;
const REBALANCE_TIMEOUT_MS = 30_000;
const HEARTBEAT_INTERVAL_MS = 3_000;
/** A JoinGroup answer comes when all members have joined: it may take the whole rebalance time-out. */
const JOIN_SLACK_MS = 5_000;
const JOIN_RETRIES = 3;
const LEAVE_PATIENCE_MS = 3_000;
/** The whole group waits for whoever joins late. */
const HAND_OVER_MS = 1_000;

export interface GroupMemberOptions {
  readonly settings: KafkaSettings;
  readonly consumer: ConsumerOptions;
  readonly cluster: Cluster;
  readonly clock: Clock;
  readonly hooks: KafkaHooks;
  readonly events: GroupEvents;
}

/** The leader's: `members` with what they claimed. */
const dealSticky: GroupPartitionsAssigner = (_, members, topics, metadata) => {
  const claims = new Map([...members].map(([id, member]) => [id, decodeClaim(member.metadata)]));
  const counts = new Map([...topics].map((topic) => [topic, metadata.topics.get(topic)?.partitionsCount ?? 0]));
  return [...dealPartitions(claims, counts)].map(([memberId, hand]) => ({ memberId, assignments: new Map([...hand].map(([topic, partitions]) => [topic, { topic, partitions }])) }));
};

/**
 * Membership of one consumer group: the library joins, syncs and sends heartbeats; this sees to it that it never gives up,
 * and that new partitions are noticed. Only group traffic runs over the library's connections.
 */
export class GroupMember {
  readonly #options: GroupMemberOptions;
  readonly #client: Consumer;
  readonly #backoff = new Backoff();
  readonly #closing = new AbortController();
  #membership: Membership | null = null;
  #owned: readonly TopicPartition[] = [];
  #joining = false;
  #rejoinWanted = false;
  #settled = Promise.withResolvers<void>();
  #lastError: string | null = null;
  #partitionCounts = '';

  constructor(options: GroupMemberOptions) {
    this.#options = options;
    const { group, sessionTimeoutMs = SESSION_TIMEOUT_MS, rebalanceTimeoutMs = REBALANCE_TIMEOUT_MS, heartbeatIntervalMs = HEARTBEAT_INTERVAL_MS } = options.consumer;
    this.#client = new Consumer({
      ...clientOptions(options.settings, JOIN_RETRIES, rebalanceTimeoutMs + JOIN_SLACK_MS),
      groupId: group,
      sessionTimeout: sessionTimeoutMs,
      rebalanceTimeout: rebalanceTimeoutMs,
      heartbeatInterval: heartbeatIntervalMs,
      heartbeatStallTimeout: sessionTimeoutMs,
      autocommit: false,
      // The leader deals out what the metadata shows: never an old count of partitions.
      metadataMaxAge: 0,
      protocolsMetadata: () => this.#claim(),
      partitionAssigner: dealSticky,
    });
    this.#listen();
  }

  /** Identity for commits; null while not in the group. */
  get membership(): Membership | null { return this.#membership; }
  get generation(): number { return this.#membership?.generation ?? 0; }
  get lastError(): string | null { return this.#lastError; }
  get rebalancing(): boolean { return this.#joining; }

  /** Joins and stays; resolves when the first assignment is there. */
  async start(): Promise<void> {
    this.#client.topics.trackAll(...this.#options.consumer.topics);
    await this.#join();
    if (!this.#closing.signal.aborted) void this.#watchPartitions();
  }

  /** Resolves when the rebalance that is under way is over. */
  async settled(): Promise<void> { if (this.#joining) await this.#settled.promise; }

  /** The group has gone on without us: forget who we were and join as someone new. */
  lost(): void {
    this.#membership = null;
    this.#owned = [];
    void this.#join();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#membership = null;
    this.#end();
    const leaving = this.#client.close(true).catch(() => undefined);
    await Promise.race([leaving, this.#options.clock.sleep(LEAVE_PATIENCE_MS)]);
    this.#cutConnections();
  }

  #listen(): void {
    this.#client.on('consumer:group:join', ({ memberId, generationId, assignments }) => this.#onJoin({ memberId, generation: generationId ?? 0 }, assignments ?? []));
    this.#client.on('consumer:group:rebalance', () => this.#begin());
    this.#client.on('consumer:heartbeat:end', () => { this.#lastError = null; });
    this.#client.on('consumer:heartbeat:error', ({ error }) => { this.#lastError = messageOf(error); });
    // A coordinator that swallows heartbeats: cut the line, so that the next one goes over a new connection.
    this.#client.on('consumer:heartbeat:stalled', () => this.#cutConnections());
    // The library has tried to join again and given up: from here on it would stay outside.
    this.#client.on('error', (error) => {
      this.#lastError = messageOf(error);
      void this.#join();
    });
  }

  #onJoin(membership: Membership, assignments: readonly { topic: string; partitions: readonly number[] }[]): void {
    if (this.#closing.signal.aborted) return;
    const before = this.#membership;
    // A generation that was skipped may have given our partitions to someone else for a while.
    const kept = before !== null && before.memberId === membership.memberId && membership.generation - before.generation <= 1;
    this.#membership = membership;
    this.#lastError = null;
    this.#backoff.reset();
    this.#owned = assignments.flatMap(({ topic, partitions }) => partitions.map((partition) => ({ topic, partition })));
    this.#options.events.joined(this.#owned, kept);
    this.#end();
  }

  /** Asked for before every joining: the library waits for it. */
  async #claim(): Promise<Buffer> {
    if (this.#owned.length > 0 && !this.#closing.signal.aborted) {
      const over = this.#options.events.handOver().catch((error: unknown) => { this.#lastError = messageOf(error); });
      await Promise.race([over, this.#options.clock.sleep(HAND_OVER_MS, this.#closing.signal).catch(() => undefined)]);
    }
    return encodeClaim(this.generation, this.#owned);
  }

  #begin(): void {
    if (this.#joining) return;
    this.#joining = true;
    this.#settled = Promise.withResolvers<void>();
  }

  #end(): void {
    this.#joining = false;
    this.#settled.resolve();
  }

  /** Joins, however often it takes. */
  async #join(): Promise<void> {
    if (this.#rejoinWanted) return;
    this.#rejoinWanted = true;
    this.#begin();
    while (!this.#closing.signal.aborted) {
      try {
        await this.#client.joinGroup({});
        break;
      } catch (error) {
        if (this.#closing.signal.aborted) break;
        this.#lastError = messageOf(error);
        this.#options.hooks.onWarning('joining the group failed; trying again', { group: this.#options.consumer.group, reason: this.#lastError });
        await this.#options.clock.sleep(this.#backoff.next(), this.#closing.signal).catch(() => undefined);
      }
    }
    this.#rejoinWanted = false;
  }

  /** Joins again when a topic has got more partitions: only then does the group deal them out. */
  async #watchPartitions(): Promise<void> {
    const { clock, cluster, consumer, settings } = this.#options;
    while (!this.#closing.signal.aborted) {
      try {
        await cluster.refresh(consumer.topics);
        this.#comparePartitions(consumer.topics.map((topic) => cluster.topic(topic)?.leaders.length ?? 0).join());
      } catch (error) {
        this.#lastError = messageOf(error);
      }
      await clock.sleep(settings.metadataRefreshMs ?? METADATA_REFRESH_MS, this.#closing.signal).catch(() => undefined);
    }
  }

  #comparePartitions(counts: string): void {
    const changed = this.#partitionCounts !== '' && this.#partitionCounts !== counts;
    this.#partitionCounts = counts;
    if (changed) void this.#join();
  }

  #cutConnections(): void {
    for (const [, connection] of this.#client.connections) connection.socket?.destroy();
  }
}
