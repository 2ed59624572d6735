import type { Logger } from 'pino';
import { messageOf, SluiceError } from '../domain/errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { RecordLogAdmin, TopicPartition } from '../ports/record-log.ts';
import { partitionKey } from './chunk.ts';
import type { IngestMetrics } from './metrics.ts';
import type { RegionPosition, RegionState } from './region-state.ts';
import { type RangeSample, type RetentionLeft, retentionLeft, retentionRate } from './retention.ts';

/** Looks kept of each partition: with one every two seconds, the last two minutes. */
const MAX_SAMPLES = 60;
/** A region whose position retention will pass within this time is warned about, ms. */
export const RETENTION_ALARM_MS = 6 * 3_600_000;

/** One region in one partition, beside the end of the partition. */
export interface PartitionLag extends TopicPartition {
  /** Next offset to be queued, and the first one that the region has not acknowledged. */
  readonly next: number;
  readonly settled: number;
  /** First offset that did not exist when last looked. */
  readonly end: number;
  readonly lag: number;
  /** Age of the last settled record (before the first: how long it lags) while there is a lag, else 0; ms. */
  readonly lagMs: number;
  readonly retention: RetentionLeft;
}

export interface LagParts {
  readonly admin: RecordLogAdmin;
  readonly topics: readonly string[];
  readonly regions: ReadonlyMap<string, RegionState>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: IngestMetrics;
  /** How long the topics keep records, ms; null where that is not known. */
  readonly retentionMs: number | null;
}

/** Compares the regions' positions with the source partitions, and warns before retention passes one. */
export class LagMonitor {
  readonly #parts: LagParts;
  readonly #samples = new Map<string, RangeSample[]>();
  readonly #lost = new Map<string, number>();
  readonly #alarmed = new Set<string>();
  /** When a position that has settled nothing yet was first seen to lag, epoch ms. */
  readonly #waiting = new WeakMap<RegionPosition, number>();

  constructor(parts: LagParts) {
    this.#parts = parts;
  }

  /** Looks once; a source that cannot be asked is asked again the next time. */
  async sample(): Promise<void> {
    const { admin, topics, clock, log } = this.#parts;
    try {
      for (const range of await admin.ranges(topics)) {
        const key = partitionKey(range);
        const samples = this.#samples.get(key) ?? [];
        samples.push({ time: clock.monotonic(), earliest: range.earliest, latest: range.latest });
        this.#samples.set(key, samples.slice(-MAX_SAMPLES));
      }
    } catch (error) {
      if (!(error instanceof SluiceError)) throw error;
      log.warn({ detail: messageOf(error) }, 'the source was not asked for its offsets');
      return;
    }
    for (const [region, state] of this.#parts.regions) this.#watch(region, state);
  }

  /** A region's lag in each of its partitions. */
  of(state: RegionState): PartitionLag[] {
    const { retentionMs } = this.#parts;
    const now = this.#parts.clock.now();
    return state.positions().map((position) => {
      const { topic, partition, next, settled, settledTime } = position;
      const samples = this.#samples.get(partitionKey({ topic, partition })) ?? [];
      const last = samples.at(-1);
      const end = Math.max(last?.latest ?? settled, settled);
      const lag = end - settled;
      const lagMs = lag === 0 ? 0 : Math.max(0, now - (settledTime ?? this.#waitingSince(position, now)));
      const needed = { position: settled, earliest: last?.earliest ?? 0, rate: retentionRate(samples), ageMs: lagMs, retentionMs: lag === 0 || settledTime === null ? null : retentionMs };
      return { topic, partition, next, settled, end, lag, lagMs, retention: retentionLeft(needed) };
    });
  }

  #waitingSince(position: RegionPosition, now: number): number {
    const since = this.#waiting.get(position) ?? now;
    this.#waiting.set(position, since);
    return since;
  }

  #watch(region: string, state: RegionState): void {
    for (const position of this.of(state)) {
      const key = `${region} ${partitionKey(position)}`;
      this.#countLost(region, key, position);
      const { ms } = position.retention;
      const near = position.lag > 0 && ms !== null && ms < RETENTION_ALARM_MS && state.mode !== 'joined';
      if (near && !this.#alarmed.has(key)) this.#parts.log.warn({ region, topic: position.topic, partition: position.partition, leftMs: ms, leftRecords: position.retention.records }, 'retention comes near to what a region still needs');
      if (near) this.#alarmed.add(key);
      else this.#alarmed.delete(key);
    }
  }

  #countLost(region: string, key: string, { topic, partition, next }: PartitionLag): void {
    const earliest = this.#samples.get(partitionKey({ topic, partition }))?.at(-1)?.earliest ?? 0;
    const from = Math.max(next, this.#lost.get(key) ?? 0);
    if (from >= earliest) return;
    this.#lost.set(key, earliest);
    this.#parts.metrics.lost.inc({ region }, earliest - from);
    this.#parts.log.error({ region, topic, partition, records: earliest - from }, 'retention removed records that a region did not have yet');
  }
}
