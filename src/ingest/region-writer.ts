import type { Logger } from 'pino';
import { messageOf } from '../domain/errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { RecordProducer } from '../ports/record-log.ts';
import type { Tracing } from '../ports/tracing.ts';
import type { Chunk, Hold } from './chunk.ts';
import { deliver, type Replace, type Sourced } from './deliver.ts';
import type { RegionMetrics } from './metrics.ts';
import type { RegionState } from './region-state.ts';
import { beginProduce } from './trace-event.ts';

/** Why a region was cut loose. */
export type CutReason = 'unavailable' | 'slow';

export interface RegionWriterParts {
  readonly region: string;
  readonly state: RegionState;
  readonly openProducer: () => RecordProducer;
  readonly replace: Replace;
  readonly limits: { readonly records: number; readonly bytes: number };
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: RegionMetrics;
  /** Absent where tracing is off. */
  readonly tracing?: Tracing;
  /** Called after whatever changed what this region holds or where it stands. */
  readonly onChange: () => void;
}

interface Queued {
  readonly chunk: Chunk;
  readonly hold: Hold;
  readonly shared: boolean;
}

/**
 * Produces to one region: a queue of chunks and one send at a time, so that order is kept without waiting for anything.
 * A send that fails cuts the region loose: what was queued is dropped, to be read again from the settled positions.
 */
export class RegionWriter {
  readonly region: string;
  readonly state: RegionState;
  readonly #parts: RegionWriterParts;
  #queue: Queued[] = [];
  #producer: RecordProducer | null = null;
  #producerSession = -1;
  #pumping: Promise<void> | null = null;
  #sharedBytes = 0;
  #bytes = 0;
  #lastError: string | null = null;

  constructor(parts: RegionWriterParts) {
    this.#parts = parts;
    this.region = parts.region;
    this.state = parts.state;
  }

  /** Bytes queued and in flight. */
  get bytes(): number { return this.#bytes; }
  /** … of them, those that came from the shared reading. */
  get sharedBytes(): number { return this.#sharedBytes; }
  /** True when nothing is queued or in flight. */
  get idle(): boolean { return this.#queue.length === 0 && this.#pumping === null; }
  get lastError(): string | null { return this.#lastError; }

  /** Takes a chunk; `shared` where it came from the shared reading. False, and let go, where it is not what comes next. */
  offer(chunk: Chunk, hold: Hold, shared: boolean): boolean {
    if (!this.state.queue(chunk)) {
      hold.release();
      return false;
    }
    this.#bytes += chunk.bytes;
    if (shared) this.#sharedBytes += chunk.bytes;
    this.#queue.push({ chunk, hold, shared });
    this.#pumping ??= this.#pump();
    return true;
  }

  /** Cuts the region loose: drops what is queued and ignores what is in flight. */
  cut(reason: CutReason, detail: string): void {
    const wasCut = this.state.isCut;
    this.#lastError = detail;
    this.state.cut();
    for (const queued of this.#queue.splice(0)) this.#letGo(queued);
    if (!wasCut) this.#parts.log.warn({ reason, detail }, 'region cut loose');
    this.#parts.metrics.cuts.inc({ region: this.region, reason });
    this.#parts.onChange();
  }

  /** Resolves when nothing is queued or in flight. */
  async drained(): Promise<void> {
    while (this.#pumping !== null) await this.#pumping;
  }

  async close(): Promise<void> {
    await this.#producer?.close();
  }

  async #pump(): Promise<void> {
    while (this.#queue.length > 0) {
      const session = this.state.session;
      const batch = this.#takeBatch();
      const error = await this.#send(batch, session);
      for (const queued of batch) this.#letGo(queued);
      if (session !== this.state.session) continue;
      if (error === null) this.#settle(batch, session);
      else this.cut('unavailable', messageOf(error));
    }
    this.#pumping = null;
    this.#parts.onChange();
  }

  #settle(batch: readonly Queued[], session: number): void {
    for (const { chunk } of batch) this.state.settle(chunk, session);
    // Chunks without records settle without asking the region's Kafka, so they say nothing about it.
    if (this.state.isCut && batch.some(({ chunk }) => chunk.records.length > 0)) {
      this.state.answered();
      this.#lastError = null;
      this.#parts.log.info('region answers again');
    }
    this.#parts.onChange();
  }

  /** Null when acknowledged, else what went wrong. */
  async #send(batch: readonly Queued[], session: number): Promise<unknown> {
    const { clock, metrics, replace, tracing } = this.#parts;
    const records = batch.flatMap(({ chunk }) => sourcedOf(chunk));
    if (records.length === 0) return null;
    const started = clock.monotonic();
    const ended = tracing === undefined ? null : beginProduce(tracing, this.region, records.map(({ record }) => record));
    try {
      await deliver(this.#producerFor(session), records, replace);
    } catch (error) {
      ended?.(messageOf(error));
      return error;
    }
    ended?.(null);
    metrics.latency.observe({ region: this.region }, (clock.monotonic() - started) / 1_000);
    metrics.records.inc({ region: this.region }, records.length);
    metrics.freshness.set({ region: this.region }, Math.max(0, clock.now() - newestIn(batch)) / 1_000);
    metrics.bytes.inc({ region: this.region }, batch.reduce((sum, { chunk }) => sum + chunk.bytes, 0));
    return null;
  }

  /** A fresh producer for each session: one whose sends failed may have lost count of its sequence numbers. */
  #producerFor(session: number): RecordProducer {
    if (this.#producer === null || this.#producerSession !== session) {
      const old = this.#producer;
      old?.close().catch((error: unknown) => { this.#parts.log.warn({ detail: messageOf(error) }, 'producer not closed cleanly'); });
      this.#producer = this.#parts.openProducer();
      this.#producerSession = session;
    }
    return this.#producer;
  }

  #takeBatch(): Queued[] {
    const { records, bytes } = this.#parts.limits;
    let count = 0;
    let size = 0;
    let taken = 0;
    for (const { chunk } of this.#queue) {
      count += chunk.records.length;
      size += chunk.bytes;
      if (taken > 0 && (count > records || size > bytes)) break;
      taken += 1;
    }
    return this.#queue.splice(0, taken);
  }

  #letGo({ chunk, hold, shared }: Queued): void {
    this.#bytes -= chunk.bytes;
    if (shared) this.#sharedBytes -= chunk.bytes;
    hold.release();
  }
}

/** Timestamp of the newest source record, epoch ms. */
function newestIn(batch: readonly Queued[]): number {
  return Math.max(...batch.map(({ chunk }) => chunk.lastTime ?? -Infinity));
}

function sourcedOf({ topic, partition, records }: Chunk): Sourced[] {
  return records.map((record) => ({ record, topic, partition }));
}
