import type { Settlement } from '../domain/settlement.ts';
import { TRACE_HEADER } from '../domain/trace-header.ts';
import type { Clock } from '../ports/clock.ts';
import type { RecordBlock } from '../ports/record-log.ts';
import { Batch, BatchPage, type Received } from './batch.ts';
import { stamped, type HeartbeatContext } from './heartbeats.ts';
import type { OperationReader, Unfit } from './operation-reader.ts';

export interface BatcherOptions {
  /** The largest batch there can be. */
  readonly batchBytes: number;
  readonly batchOperations: number;
  /** The largest batch that is wanted now; looked at when a batch is opened. */
  readonly limits: () => { readonly operations: number; readonly bytes: number };
  readonly batchAgeMs: number;
  /** What replaces a document's closing brace. */
  readonly suffix: Buffer;
  readonly pipelineOf: (topic: string) => string;
  readonly newBatchId: () => string;
  /** Whether records are looked at for their traces. */
  readonly traced?: boolean;
  readonly heartbeats: HeartbeatContext;
  readonly clock: Clock;
}

/** Fills one batch at a time from blocks, in order; a batch is handed over when it is full, or old enough. */
export class Batcher {
  readonly #options: BatcherOptions;
  readonly #reader: OperationReader;
  readonly #settlement: Settlement;
  readonly #spare: BatchPage[] = [];
  #open: Batch | null = null;
  /** When the last batch was handed over, monotonic ms. */
  #closedAt = Number.NEGATIVE_INFINITY;
  #limits: { readonly operations: number; readonly bytes: number } = { operations: 0, bytes: 0 };

  constructor(options: BatcherOptions, reader: OperationReader, settlement: Settlement) {
    this.#options = options;
    this.#reader = reader;
    this.#settlement = settlement;
  }

  get openBytes(): number { return this.#open?.heldBytes ?? 0; }

  /** Adds the block's records; yields each batch that became full on the way (the caller waits for room, then goes on). */
  *add(received: Received): Generator<Batch, void, undefined> {
    const { block } = received;
    let batch = this.#entered(received, block.count > 0 ? block.offset(0) : block.nextOffset);
    for (let index = 0; index < block.count && batch !== null; index += 1) {
      const unfit = this.#reader.read(block, index);
      if (this.#isFull(batch, unfit)) {
        yield this.#close('full');
        batch = this.#entered(received, block.offset(index));
        if (batch === null) return;
        this.#reader.read(block, index);
      }
      this.#put(batch, block, index, unfit);
    }
    batch?.advance(block.nextOffset, 0);
  }

  /** How long the open batch may still wait, ms; null where none is open. */
  dueIn(): number | null {
    return this.#open === null || this.#open.empty ? null : this.gatherMs();
  }

  /**
   * How long records may be gathered from now on, ms: after a pause the first ones go at once, then a batch goes every
   * `batchAgeMs`. By the monotonic clock: a jump of the wall clock neither holds a batch back nor hurries it.
   */
  gatherMs(): number {
    return Math.max(0, this.#closedAt + this.#options.batchAgeMs - this.#options.clock.monotonic());
  }

  /** The open batch, whatever it holds; null where there is nothing. */
  take(): Batch | null {
    return this.#open === null || this.#open.empty ? null : this.#close('due');
  }

  /** Gives a settled batch's page back for the next one; one that grew for a large document is let go. */
  recycle(batch: Batch): void {
    if (batch.body.length === this.#options.batchBytes) this.#spare.push(batch.page);
  }

  #entered(received: Received, first: number): Batch | null {
    this.#open ??= this.#newBatch();
    return this.#open.enter(this.#settlement, received, first) ? this.#open : null;
  }

  #newBatch(): Batch {
    const { batchBytes, batchOperations, suffix, newBatchId, clock } = this.#options;
    this.#limits = this.#options.limits();
    const page = this.#spare.pop() ?? new BatchPage(batchBytes, batchOperations);
    return new Batch(newBatchId(), { at: clock.now(), tick: clock.monotonic() }, page, suffix);
  }

  #isFull(batch: Batch, unfit: Unfit | null): boolean {
    if (unfit === null) return batch.count >= this.#limits.operations || batch.length >= this.#limits.bytes || !batch.fits(this.#reader.current);
    return batch.refusedBytes >= this.#options.batchBytes || batch.refusals.length >= this.#options.batchOperations;
  }

  #close(why: Batch['closedBy']): Batch {
    const batch = this.#open as Batch;
    this.#open = null;
    batch.closedBy = why;
    this.#closedAt = this.#options.clock.monotonic();
    return batch;
  }

  #put(batch: Batch, block: RecordBlock, index: number, unfit: Unfit | null): void {
    const offset = block.offset(index);
    batch.advance(offset + 1, 1);
    if (unfit === null) {
      if (this.#reader.current.target.heartbeats) return this.#putBeat(batch, block, index);
      batch.append(this.#reader.current, offset, block.timestamp(index));
      if (this.#options.traced === true) batch.trace(block.header(index, TRACE_HEADER));
      return;
    }
    const value = block.value(index);
    batch.refuse({
      record: { topic: block.topic, partition: block.partition, offset, timestamp: block.timestamp(index) },
      stage: unfit.stage,
      flaw: unfit.flaw,
      payload: value === null ? null : Buffer.from(value),
      pipeline: this.#options.pipelineOf(block.topic),
      documentId: unfit.stage === 'precheck' ? this.#reader.currentId() : null,
      version: unfit.stage === 'precheck' ? this.#reader.current.version : null,
      index: unfit.stage === 'precheck' ? this.#reader.current.target.index : null,
    });
  }

  #putBeat(batch: Batch, block: RecordBlock, index: number): void {
    const { topic, partition } = block;
    const [offset, timestamp] = [block.offset(index), block.timestamp(index)];
    const beat = stamped(this.#reader.current, batch.id, { topic, partition, offset, timestamp }, this.#options.heartbeats);
    if (beat !== null) batch.beats.push({ at: batch.count, ...beat.beat });
    batch.append(beat?.input ?? this.#reader.current, offset, timestamp);
  }
}
