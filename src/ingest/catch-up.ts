import type { Logger } from 'pino';
import type { ByteBudget } from '../domain/byte-budget.ts';
import type { Clock } from '../ports/clock.ts';
import type { PartitionPosition, RecordBlock, RecordReader } from '../ports/record-log.ts';
import { Hold, partitionKey } from './chunk.ts';
import { beginsBelow, type ChunkLimits, chunksOf } from './chunks.ts';
import type { IngestMetrics } from './metrics.ts';
import { pollOrTell } from './poll.ts';
import type { EventContext, Route } from './process-event.ts';
import type { RegionWriter } from './region-writer.ts';
import type { Wake } from './wake.ts';

/** A region that was cut loose is first tried with this little, so that a dead one costs next to nothing. */
const PROBE_BYTES = 64 * 1024;
const POLL_WAIT_MS = 250;
/** The pause between probes doubles up to this many times `retryMs`. */
const MAX_BACK_OFF = 8;

export interface CatchUpParts {
  readonly writer: RegionWriter;
  readonly openReader: () => RecordReader;
  readonly routes: ReadonlyMap<string, Route>;
  readonly budget: ByteBudget;
  /** Most bytes of one fetch. */
  readonly fetchBytes: number;
  readonly retryMs: number;
  readonly limits: ChunkLimits;
  readonly context: EventContext;
  readonly clock: Clock;
  readonly metrics: IngestMetrics;
  readonly log: Logger;
  /** Told of a partition that begins anew below where it was read to. */
  readonly restart: (position: PartitionPosition) => void;
  /** Rung whenever the region's state may have changed. */
  readonly wake: Wake;
}

/** Brings one region back to the shared reading: probes it while it is cut loose, then reads the source again for it alone. */
export class CatchUp {
  readonly #parts: CatchUpParts;
  readonly #reading = new Map<string, { readonly topic: string; readonly partition: number; offset: number }>();
  #reader: RecordReader | null = null;
  #failures = 0;

  constructor(parts: CatchUpParts) {
    this.#parts = parts;
  }

  /** Runs until aborted. */
  async run(signal: AbortSignal): Promise<void> {
    try {
      while (!signal.aborted) await this.#step(signal);
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      await this.#closeReader();
    }
  }

  async #step(signal: AbortSignal): Promise<void> {
    const { writer, wake, fetchBytes } = this.#parts;
    const mode = writer.state.mode;
    switch (mode) {
      case 'joined':
        this.#failures = 0;
        await this.#closeReader();
        return wake.wait(signal);
      case 'cut':
        return this.#probe(signal);
      case 'catching-up':
        return this.#round(fetchBytes, signal);
      default:
        mode satisfies never;
    }
  }

  /** Waits, then gives the region a little until it takes something, fails again, or nothing is left for it. */
  async #probe(signal: AbortSignal): Promise<void> {
    const { writer, clock, retryMs } = this.#parts;
    await clock.sleep(retryMs * Math.min(2 ** this.#failures, MAX_BACK_OFF), signal);
    await writer.drained();
    const { session } = writer.state;
    while (writer.state.isCut && writer.state.session === session && !signal.aborted) {
      if (writer.state.behind().length === 0) return writer.state.answered();
      await this.#round(PROBE_BYTES, signal);
      await writer.drained();
    }
    this.#failures = writer.state.isCut ? this.#failures + 1 : 0;
  }

  async #round(bytes: number, signal: AbortSignal): Promise<void> {
    const { budget } = this.#parts;
    await budget.acquire(bytes, signal);
    try {
      const reader = this.#aim();
      const blocks = await pollOrTell(reader, { maxBytes: bytes, maxWaitMs: POLL_WAIT_MS }, 'source records that a region needs cannot be read: it stays behind until the cause is gone', this.#parts);
      for (const block of blocks) await this.#carry(block);
    } finally {
      budget.release(bytes);
    }
  }

  /** Points the reader at everything that is behind, and at nothing else. */
  #aim(): RecordReader {
    this.#reader ??= this.#parts.openReader();
    const behind = this.#parts.writer.state.behind();
    const wanted = new Set(behind.map(partitionKey));
    for (const [key, partition] of this.#reading) {
      if (wanted.has(key)) continue;
      this.#reader.drop(partition);
      this.#reading.delete(key);
    }
    for (const { topic, partition, next } of behind) {
      const key = partitionKey({ topic, partition });
      if (this.#reading.get(key)?.offset === next) continue;
      this.#reader.seek({ topic, partition, offset: next });
      this.#reading.set(key, { topic, partition, offset: next });
    }
    return this.#reader;
  }

  async #carry(block: RecordBlock): Promise<void> {
    const { writer, routes, limits, context, metrics, budget } = this.#parts;
    const reading = this.#reading.get(partitionKey(block));
    if (reading === undefined) return;
    const first = reading.offset;
    if (beginsBelow(block, first)) return this.#parts.restart({ topic: block.topic, partition: block.partition, offset: block.offset(0) });
    reading.offset = block.nextOffset;
    const position = writer.state.position(block);
    const until = writer.state.goal(block);
    const route = routes.get(block.topic);
    if (position === undefined || until === null || route === undefined) return;
    // Set back since the block was asked for (cut loose, assigned anew): what lies between is not in the block.
    if (position.next < first) return;
    const { session } = writer.state;
    for await (const chunk of chunksOf(block, { assignment: position.assignment, from: position.next, until }, route, limits, context)) {
      if (writer.state.session !== session) return;
      metrics.chunk(route.pipeline.name, chunk.tally, false);
      if (!writer.offer(chunk, new Hold(budget, chunk.bytes, 1), false)) return;
    }
  }

  async #closeReader(): Promise<void> {
    const reader = this.#reader;
    this.#reader = null;
    this.#reading.clear();
    await reader?.close();
  }
}
