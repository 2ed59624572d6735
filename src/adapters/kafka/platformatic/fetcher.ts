import { messageOf, type SluiceError } from '../../../domain/errors.ts';
import type { Clock } from '../../../ports/clock.ts';
import type { PollOptions, RecordBlock, TopicPartition } from '../../../ports/record-log.ts';
import { Backoff } from '../backoff.ts';
import type { KafkaHooks } from '../settings.ts';
import type { Cluster } from './cluster.ts';
import { type Cursor, CursorTable, partitionKey } from './cursor.ts';
import { asSluiceError } from './errors.ts';
import { FETCH_API, FETCH_HIGHEST, FETCH_LOWEST, type FetchedPartition, type FetchRequest, sendFetch } from './fetch-protocol.ts';
import { lookUpOffsets } from './offset-lookup.ts';
import { RecordDecoder } from './record-decoder.ts';
import { Signal } from '../signal.ts';

export interface FetcherOptions {
  readonly cluster: Cluster;
  readonly clock: Clock;
  readonly hooks: KafkaHooks;
  /** Where to go on when the records at a position are gone. */
  readonly from: 'earliest' | 'latest';
}

type FetchLimits = Pick<FetchRequest, 'maxBytes' | 'maxWaitMs' | 'minBytes'>;

/** A broker holds an empty fetch at most this long; a poll may end before. */
const LONGEST_FETCH_MS = 500;
/** Room for at least the largest batch that brokers take by default. */
const PARTITION_FETCH_BYTES = 1024 * 1024;
const OFFSET_OUT_OF_RANGE = 1;

/**
 * Fetches records for the cursors it is given, driven by `poll`. At most one fetch per broker is under way, and what is
 * fetched ahead stays within the `maxBytes` of the last poll. Failures are retried for ever; `lastError` tells.
 */
export class Fetcher {
  readonly cursors = new CursorTable();
  readonly #options: FetcherOptions;
  readonly #signal: Signal;
  readonly #busy = new Map<number, number>();
  readonly #backoffs = new Map<number | 'repair', Backoff>();
  readonly #closing = new AbortController();
  #repairing = false;
  #stale = false;
  #failure: SluiceError | null = null;
  #lastError: string | null = null;

  constructor(options: FetcherOptions) {
    this.#options = options;
    this.#signal = new Signal(options.clock);
  }

  /** What went wrong last; null since the last answer of a broker. */
  get lastError(): string | null { return this.#lastError; }

  add(partition: TopicPartition, position: Cursor['position']): Cursor {
    const cursor = this.cursors.add(partition, position);
    this.#signal.raise();
    return cursor;
  }

  /** Moves a cursor; what was fetched for it is dropped. */
  seek(cursor: Cursor, position: Cursor['position']): void {
    const { paused } = cursor;
    this.add(cursor, position).paused = paused;
  }

  pause(partitions: readonly TopicPartition[], paused: boolean): void {
    for (const partition of partitions) {
      const cursor = this.cursors.get(partition);
      if (cursor !== undefined) cursor.paused = paused;
    }
    this.#signal.raise();
  }

  /** Wakes a poll that waits, since something has changed. */
  wake(): void { this.#signal.raise(); }

  close(): void {
    this.#closing.abort();
    this.cursors.clear();
    this.#signal.raise();
  }

  async poll(options: PollOptions): Promise<RecordBlock[]> {
    const { clock } = this.#options;
    const { maxBytes } = options;
    const deadline = clock.monotonic() + options.maxWaitMs;
    while (!this.#closing.signal.aborted) {
      const blocks = this.#drain(maxBytes);
      this.#startFetches(options);
      const left = deadline - clock.monotonic();
      if (blocks.length > 0 || left <= 0) return blocks;
      this.#throwFailure();
      await this.#signal.wait(left);
    }
    return [];
  }

  #throwFailure(): void {
    const failure = this.#failure;
    this.#failure = null;
    if (failure !== null) throw failure;
  }

  #drain(maxBytes: number): RecordBlock[] {
    const blocks: RecordBlock[] = [];
    let room = maxBytes;
    for (const cursor of this.cursors.all()) {
      if (room <= 0) break;
      if (cursor.paused || cursor.decoder === null) continue;
      const block = this.#takeFrom(cursor, room, blocks.length === 0);
      if (block === null) continue;
      room -= block.bytes;
      blocks.push(block);
      this.cursors.served(cursor);
    }
    return blocks;
  }

  /** A batch that cannot be read fails the poll, but only once everything before it is handed out. */
  #takeFrom(cursor: Cursor, room: number, atLeastOne: boolean): RecordBlock | null {
    const decoder = cursor.decoder as RecordDecoder;
    try {
      return decoder.take(room, atLeastOne);
    } catch (error) {
      this.#failure = asSluiceError(error, `${cursor.topic}/${cursor.partition} cannot be decoded`);
      this.#lastError = this.#failure.message;
      cursor.decoder = null;
      cursor.position = decoder.nextOffset;
      return null;
    } finally {
      if (decoder.exhausted) {
        cursor.decoder = null;
        cursor.position = decoder.nextOffset;
      }
    }
  }

  #startFetches({ maxBytes, maxWaitMs, minBytes = 1 }: PollOptions): void {
    const groups = this.#fetchable();
    if (this.#stale) void this.#repair();
    const share = Math.floor(maxBytes / Math.max(1, groups.size + this.#busy.size));
    for (const [broker, cursors] of groups) {
      const held = this.#heldBytes();
      if (this.#busy.has(broker) || (held > 0 && held + share > maxBytes)) continue;
      void this.#fetch(broker, cursors, { maxBytes: share, maxWaitMs: Math.min(Math.ceil(maxWaitMs), LONGEST_FETCH_MS), minBytes: Math.min(minBytes, share) });
    }
  }

  #heldBytes(): number {
    let held = 0;
    for (const reserved of this.#busy.values()) held += reserved;
    for (const { decoder } of this.cursors.all()) held += decoder?.heldBytes ?? 0;
    return held;
  }

  /** Cursors to fetch for, by the broker that leads them; notes whether something must be looked up first. */
  #fetchable(): Map<number, Cursor[]> {
    const groups = new Map<number, Cursor[]>();
    for (const cursor of this.cursors.all()) {
      if (cursor.paused || cursor.decoder !== null || cursor.position === 'pending') continue;
      const leader = this.#leaderOf(cursor);
      if (leader === null || typeof cursor.position !== 'number') {
        this.#stale = true;
        continue;
      }
      const group = groups.get(leader);
      if (group === undefined) groups.set(leader, [cursor]);
      else group.push(cursor);
    }
    return groups;
  }

  #leaderOf(cursor: Cursor): number | null {
    const topic = this.#options.cluster.topic(cursor.topic);
    if (topic === undefined) return null;
    if (cursor.topicId !== null && cursor.topicId !== topic.id) this.#restart(cursor);
    cursor.topicId = topic.id;
    return topic.leaders[cursor.partition] ?? null;
  }

  #restart(cursor: Cursor): void {
    this.#options.hooks.onWarning('a topic was deleted and created anew: reading begins at its first record', { topic: cursor.topic, partition: cursor.partition, position: cursor.position });
    cursor.position = 'earliest';
  }

  async #fetch(broker: number, cursors: readonly Cursor[], limits: FetchLimits): Promise<void> {
    const { cluster } = this.#options;
    this.#busy.set(broker, limits.maxBytes);
    let healthy = true;
    const asked = new Map(cursors.map((cursor) => [`${cursor.topicId}/${cursor.partition}`, { cursor, offset: cursor.position as number }]));
    try {
      const version = await cluster.version(FETCH_API, 'Fetch', FETCH_LOWEST, FETCH_HIGHEST);
      const response = await sendFetch(await cluster.connection(broker), version, requestFor(cursors, limits));
      if (response.errorCode !== 0) throw new Error(`fetch answered with error ${response.errorCode}`);
      this.#lastError = null;
      for (const partition of response.partitions) {
        const found = asked.get(`${partition.topicId}/${partition.partition}`);
        if (found !== undefined) healthy = this.#accept(found.cursor, found.offset, partition) && healthy;
      }
    } catch (error) {
      this.#fail(error);
      healthy = false;
    }
    if (healthy) this.#backoffOf(broker).reset();
    else await this.#pause(this.#backoffOf(broker));
    this.#busy.delete(broker);
    this.#signal.raise();
  }

  #backoffOf(broker: number | 'repair'): Backoff {
    const backoff = this.#backoffs.get(broker) ?? new Backoff();
    this.#backoffs.set(broker, backoff);
    return backoff;
  }

  async #pause(backoff: Backoff): Promise<void> {
    await this.#options.clock.sleep(backoff.next(), this.#closing.signal).catch(() => undefined);
  }

  /** Takes in one partition's answer; false where the broker cannot serve it now. */
  #accept(cursor: Cursor, offset: number, fetched: FetchedPartition): boolean {
    // Moved or taken away while the fetch was under way: these records are not wanted any more.
    if (!this.cursors.holds(cursor) || cursor.position !== offset) return true;
    if (fetched.errorCode === OFFSET_OUT_OF_RANGE) {
      cursor.lostAt = offset;
      cursor.position = this.#options.from;
    } else if (fetched.errorCode !== 0) {
      this.#fail(new Error(`${cursor.topic}/${cursor.partition}: fetch answered with error ${fetched.errorCode}`));
      return false;
    } else if (fetched.bytes.length > 0) {
      const { topic, partition } = cursor;
      cursor.decoder = new RecordDecoder({ topic, partition, bytes: fetched.bytes, fetchOffset: offset, highWatermark: fetched.highWatermark, aborted: fetched.aborted });
    }
    return true;
  }

  #fail(error: unknown): void {
    if (this.#closing.signal.aborted) return;
    this.#lastError = messageOf(error);
    this.#stale = true;
  }

  /** Asks for leaders and missing positions anew; waits a little where that did not help. One at a time, as often as it takes. */
  async #repair(): Promise<void> {
    if (this.#repairing || this.#closing.signal.aborted) return;
    this.#repairing = true;
    this.#stale = false;
    try {
      await this.#options.cluster.refresh(this.cursors.topics());
      await this.#lookUp();
    } catch (error) {
      this.#fail(error);
    }
    if (this.#stale || this.cursors.all().some((cursor) => this.#isUnresolved(cursor))) await this.#pause(this.#backoffOf('repair'));
    else this.#backoffOf('repair').reset();
    this.#repairing = false;
    this.#signal.raise();
  }

  #isUnresolved(cursor: Cursor): boolean {
    return cursor.position !== 'pending' && (typeof cursor.position !== 'number' || this.#leaderOf(cursor) === null);
  }

  async #lookUp(): Promise<void> {
    const wanted = this.cursors.all().flatMap((cursor) => (cursor.position === 'earliest' || cursor.position === 'latest' ? [{ cursor, which: cursor.position }] : []));
    if (wanted.length === 0) return;
    const questions = wanted.map(({ cursor: { topic, partition }, which }) => ({ topic, partition, which }));
    const answers = new Map((await lookUpOffsets(this.#options.cluster, questions)).map((answer) => [partitionKey(answer), answer.offset]));
    for (const { cursor, which } of wanted) {
      const offset = answers.get(partitionKey(cursor));
      if (offset !== undefined && this.cursors.holds(cursor) && cursor.position === which) this.#resolve(cursor, offset);
    }
  }

  #resolve(cursor: Cursor, offset: number): void {
    const { topic, partition, lostAt } = cursor;
    cursor.position = offset;
    cursor.lostAt = null;
    if (lostAt === null) return;
    const details = { topic, partition, position: lostAt, resumedAt: offset, skipped: offset - lostAt };
    this.#options.hooks.onWarning(offset > lostAt ? 'records were gone before they were read: retention is too short or the reader too late' : 'the position lies beyond the end of the partition: reading goes on from a valid one', details);
  }
}

function requestFor(cursors: readonly Cursor[], limits: FetchLimits): FetchRequest {
  const { maxBytes } = limits;
  const topics = [...Map.groupBy(cursors, ({ topicId }) => topicId as string)].map(([topicId, group]) => ({
    topicId,
    partitions: group.map(({ partition, position }) => ({ partition, offset: position as number })),
  }));
  const partitionMaxBytes = Math.max(Math.min(maxBytes, PARTITION_FETCH_BYTES), Math.ceil(maxBytes / cursors.length));
  return { ...limits, partitionMaxBytes, topics };
}
