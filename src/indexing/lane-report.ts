import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import type { Clock } from '../ports/clock.ts';
import type { RateStatus } from '../rate/rate-control.ts';
import type { Batch } from './batch.ts';
import type { Reply } from './bulk-reply.ts';
import type { Delivery, Sent } from './deliver.ts';
import type { GateState } from './gate.ts';
import type { Lag } from './lag.ts';
import { laneMetrics, TypeLabels, type LaneMetrics } from './metrics.ts';
import type { LaneStatus } from './status.ts';

/** What a lane says of itself: metrics, log lines and the figures of its status. */
export class LaneReport {
  readonly #metrics: LaneMetrics;
  readonly #log: Logger;
  readonly #clock: Clock;
  readonly #types = new TypeLabels();
  readonly counts = { records: 0, applied: 0, superseded: 0, rejected: 0, refused: 0, retried: 0, batches: 0 };
  #lags: Lag[] | null = null;
  /** Since when something is left to settle, monotonic ms. */
  #behindSince: number | null = null;
  #lastSettled: { at: number; tick: number; freshness: number | null } | null = null;

  constructor(registry: Registry, log: Logger, clock: Clock) {
    this.#metrics = laneMetrics(registry);
    this.#log = log;
    this.#clock = clock;
  }

  /** The measured half of a status. */
  figures(): Pick<LaneStatus, 'counts' | 'lagRecords' | 'freshnessSeconds' | 'lastSettledAt'> {
    return {
      counts: { ...this.counts },
      lagRecords: this.#lags === null ? null : this.#lags.reduce((sum, lag) => sum + lag.records, 0),
      freshnessSeconds: this.#lastSettled?.freshness ?? null,
      lastSettledAt: this.#lastSettled?.at ?? null,
    };
  }

  consumed(records: number, bytes: number): void {
    this.counts.records += records;
    this.#metrics.records.inc(records);
    this.#metrics.recordBytes.inc(bytes);
  }

  unreadable(code: string, message: string): void {
    this.#metrics.unreadable.inc({ code });
    this.#log.error({ code, reason: message }, 'records that cannot be read: their partition stands still until the cause is gone');
  }

  assigned(partitions: number): void {
    this.#metrics.rebalances.inc();
    this.#log.info({ partitions }, 'partitions assigned');
  }

  gateChanged(name: string, state: GateState): void {
    for (const kind of ['open', 'backing-off', 'held']) this.#metrics.gate.set({ state: `${name}:${kind}` }, state.kind === kind ? 1 : 0);
    if (state.kind !== 'open' && !isPowerOfTwo(state.attempt)) return;
    if (state.kind === 'open') this.#log.info({ gate: name }, 'the cluster takes writes again');
    else this.#log.warn({ gate: name, ...state }, state.kind === 'held' ? 'lane held: it probes and goes on by itself' : 'backing off');
  }

  replied(reply: Reply, { sentAt, answeredAt }: Sent): void {
    this.#metrics.requests.inc({ result: reply.request });
    this.#metrics.bulkSeconds.observe((answeredAt - sentAt) / 1_000);
    if (reply.unknown === 0) return;
    this.#metrics.unknownAnswers.inc(reply.unknown);
    this.#log.error({ flaw: reply.flaw ?? [...reply.flaws.values()][0] }, 'an answer that the outcome table does not name: retried, look at it');
  }

  committed(result: 'ok' | 'fenced' | 'unavailable', message: string | null): void {
    this.#metrics.commits.inc({ result });
    if (message !== null) this.#log.warn({ result, reason: message }, 'offsets not committed: what is settled will be committed later or read again, harmlessly');
  }

  failuresWritten(batch: Batch, delivery: Delivery, index: string): void {
    for (const refusal of batch.refusals) this.#metrics.failures.inc({ stage: refusal.stage, type: this.#types.of(refusal.flaw.type) });
    for (const flaw of delivery.rejected.values()) this.#metrics.failures.inc({ stage: 'index', type: this.#types.of(flaw.type) });
    const failures = batch.refusals.length + delivery.rejected.size;
    if (failures > 0) this.#log.warn({ batch: batch.id, failures, index }, 'records went to the failure index');
  }

  /** `tookMs`: from the batch's opening to now. */
  settled(batch: Batch, delivery: Delivery, tookMs: number): void {
    const metrics = this.#metrics;
    const at = this.#clock.now();
    this.#countOutcomes(batch, delivery);
    metrics.batches.inc();
    metrics.batchBytes.inc(batch.length);
    metrics.batchSeconds.observe(tookMs / 1_000);
    metrics.gateSeconds.observe(delivery.gateMs / 1_000);
    const freshness = batch.count === 0 ? null : Math.max(0, (at - batch.maxSourceTime) / 1_000);
    if (batch.count > 0) metrics.sourceToSettledSeconds.observe(Math.max(0, (at - batch.minSourceTime) / 1_000));
    if (freshness !== null) metrics.freshnessSeconds.set(freshness);
    this.#lastSettled = { at, tick: this.#clock.monotonic(), freshness: freshness ?? this.#lastSettled?.freshness ?? null };
    this.#log.debug({ batch: batch.id, operations: batch.count, bytes: batch.length, applied: delivery.applied, superseded: delivery.superseded, bulkMs: Math.round(delivery.bulkMs) }, 'batch settled');
  }

  holding(batches: number, bytes: number): void {
    this.#metrics.inFlightBatches.set(batches);
    this.#metrics.heldBytes.set(bytes);
  }

  /** The rate as it is now: told with the lag. */
  pacing({ window, share, guard }: RateStatus): void {
    this.#metrics.window.set(window);
    this.#metrics.rateLimit.reset();
    if (share.documentsPerSecond !== null) this.#metrics.rateLimit.set({ unit: 'documents', by: share.documentsPerSecond === guard ? 'search guard' : 'cap' }, share.documentsPerSecond);
    if (share.bytesPerSecond !== null) this.#metrics.rateLimit.set({ unit: 'bytes', by: 'cap' }, share.bytesPerSecond);
  }

  lagging(lags: Lag[]): void {
    this.#lags = lags;
    this.#metrics.lagRecords.reset();
    for (const lag of lags) this.#metrics.lagRecords.set({ topic: lag.topic, partition: lag.partition }, lag.records);
    this.#behindSince = lags.some((lag) => lag.records > 0) ? (this.#behindSince ?? this.#clock.monotonic()) : null;
    this.#metrics.lagSeconds.set(this.#behindSince === null ? 0 : this.#lagSeconds(this.#behindSince));
  }

  // A lane that has settled nothing yet has been behind since it was first seen to be, at least.
  #lagSeconds(behindSince: number): number {
    const { tick, freshness } = this.#lastSettled ?? { tick: behindSince, freshness: null };
    return (this.#clock.monotonic() - tick) / 1_000 + (freshness ?? 0);
  }

  #countOutcomes(batch: Batch, delivery: Delivery): void {
    const outcomes = { applied: delivery.applied, superseded: delivery.superseded, rejected: delivery.rejected.size, refused: batch.refusals.length };
    for (const [outcome, count] of Object.entries(outcomes)) {
      this.counts[outcome as keyof typeof outcomes] += count;
      if (count > 0) this.#metrics.outcomes.inc({ outcome }, count);
    }
    this.counts.retried += delivery.retried;
    this.counts.batches += 1;
    this.#metrics.shadowed.inc(delivery.shadowed);
    this.#metrics.retried.inc(delivery.retried);
  }
}

/** A long outage is told with ever longer pauses, not at every attempt. */
function isPowerOfTwo(attempt: number): boolean {
  return (attempt & (attempt - 1)) === 0;
}
