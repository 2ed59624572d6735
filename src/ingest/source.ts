import type { Logger } from 'pino';
import { messageOf, SluiceError } from '../domain/errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { AssignmentListener, PartitionPosition, RecordBlock, RecordConsumer, RecordLogAdmin, TopicPartition } from '../ports/record-log.ts';
import { partitionKey } from './chunk.ts';
import type { Head, Heads } from './heads.ts';
import { pollOrTell } from './poll.ts';
import { loadPositions, type StartPositions } from './positions.ts';
import type { RegionState } from './region-state.ts';

const RETRY_MS = 1_000;

export interface SourceParts {
  readonly consumer: RecordConsumer;
  readonly admin: RecordLogAdmin;
  readonly heads: Heads;
  readonly regions: ReadonlyMap<string, RegionState>;
  readonly prefix: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** Called after partitions came or went. */
  readonly onChange: () => void;
  /** Called with what must not happen. */
  readonly onFatal: (error: unknown) => void;
}

/** The shared reading: a group member whose partitions begin where the regions' positions say. */
export class Source implements AssignmentListener {
  readonly #parts: SourceParts;
  /** Partitions whose positions are still being looked up, by assignment. */
  readonly #placing = new Map<number, readonly TopicPartition[]>();
  readonly #parked = new Map<string, Head>();
  readonly #stopping = new AbortController();
  #placings: Promise<void>[] = [];

  constructor(parts: SourceParts) {
    this.#parts = parts;
  }

  start(): Promise<void> { return this.#parts.consumer.start(this); }

  /** Records that cannot be read stop their partition, not ingest: the others go on, and it is told. */
  async poll(maxBytes: number, maxWaitMs: number): Promise<RecordBlock[]> {
    return await pollOrTell(this.#parts.consumer, { maxBytes, maxWaitMs }, 'source records that cannot be read: their partition stands still until the cause is gone', this.#parts);
  }

  assigned(partitions: readonly TopicPartition[]): void {
    const assignment = this.#parts.heads.nextAssignment();
    this.#parts.log.info({ partitions: partitions.length, assignment }, 'partitions assigned');
    this.#parts.consumer.pause(partitions);
    this.#placing.set(assignment, partitions);
    const placing: Promise<void> = this.#place(assignment).catch(this.#parts.onFatal).finally(() => { this.#placings = this.#placings.filter((each) => each !== placing); });
    this.#placings.push(placing);
  }

  revoked(partitions: readonly TopicPartition[]): void {
    const gone = new Set(partitions.map(partitionKey));
    for (const [assignment, waiting] of this.#placing) this.#placing.set(assignment, waiting.filter((each) => !gone.has(partitionKey(each))));
    for (const partition of partitions) {
      this.#parts.heads.forget(partition);
      this.#parked.delete(partitionKey(partition));
      for (const state of this.#parts.regions.values()) state.revoke(partition);
    }
    this.#parts.log.info({ partitions: partitions.length }, 'partitions revoked');
    this.#parts.onChange();
  }

  /** Nobody takes what comes next there: stops reading the partition until `unpark` finds that somebody does. */
  park(partition: TopicPartition): void {
    const head = this.#parts.heads.get(partition);
    if (head === undefined) return;
    this.#parked.set(partitionKey(partition), head);
    this.#parts.consumer.pause([partition]);
    this.#parts.consumer.seek(head);
  }

  /** Reads the parked partitions again for which `wanted` says so. */
  unpark(wanted: (head: Head) => boolean): void {
    for (const [key, head] of this.#parked) {
      if (!wanted(head)) continue;
      this.#parked.delete(key);
      this.#parts.consumer.resume([head]);
    }
  }

  /**
   * The partition gave records from before where it was read to: its topic was made anew, or lost its end with a leader.
   * What stands there now, nobody has: everyone reads it from there.
   */
  restart({ topic, partition, offset }: PartitionPosition): void {
    const before = this.#parts.heads.get({ topic, partition });
    if (before === undefined) return;
    this.#parts.log.warn({ topic, partition, position: before.offset, offset }, 'a source partition begins anew below where it was read to: it is read again from there');
    this.#parked.delete(partitionKey(before));
    this.#placeAt({ topic, partition, head: offset, regions: new Map() }, this.#parts.heads.nextAssignment());
    this.#parts.onChange();
  }

  /** Stops looking up positions. The consumer is closed by its owner. */
  async stop(): Promise<void> {
    this.#stopping.abort(new SluiceError('BUG', 'the source was stopped'));
    await Promise.all(this.#placings);
  }

  async #place(assignment: number): Promise<void> {
    try {
      while (this.#waiting(assignment).length > 0 && !this.#stopping.signal.aborted) {
        const starts = await this.#load(this.#waiting(assignment));
        if (starts !== null) return this.#begin(assignment, starts);
        await this.#parts.clock.sleep(RETRY_MS, this.#stopping.signal);
      }
    } catch (error) {
      if (!this.#stopping.signal.aborted) throw error;
    } finally {
      this.#placing.delete(assignment);
    }
  }

  async #load(partitions: readonly TopicPartition[]): Promise<StartPositions[] | null> {
    try {
      return await loadPositions(this.#parts.admin, partitions, [...this.#parts.regions.keys()], this.#parts.prefix);
    } catch (error) {
      if (!(error instanceof SluiceError)) throw error;
      this.#parts.log.warn({ detail: messageOf(error) }, 'positions cannot be read yet');
      return null;
    }
  }

  #begin(assignment: number, starts: readonly StartPositions[]): void {
    const kept = new Set(this.#waiting(assignment).map(partitionKey));
    for (const start of starts) if (kept.has(partitionKey(start))) this.#placeAt(start, assignment);
    this.#parts.onChange();
  }

  #placeAt({ topic, partition, head, regions }: StartPositions, assignment: number): void {
    const { consumer, heads } = this.#parts;
    heads.place({ topic, partition, offset: head, assignment });
    for (const [region, state] of this.#parts.regions) state.assign({ topic, partition, offset: regions.get(region) ?? head, assignment });
    consumer.seek({ topic, partition, offset: head });
    consumer.resume([{ topic, partition }]);
  }

  #waiting(assignment: number): readonly TopicPartition[] { return this.#placing.get(assignment) ?? []; }
}
