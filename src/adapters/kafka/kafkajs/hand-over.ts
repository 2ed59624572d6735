import type { EachBatchPayload } from 'kafkajs';
import type { Clock } from '../../../ports/clock.ts';
import type { PollOptions, RecordBlock, TopicPartition } from '../../../ports/record-log.ts';
import { Signal } from '../signal.ts';
import { messageBlock, sizeOf } from './block.ts';

/** A batch that kafkajs has pushed and that waits for a poll. */
interface Offer {
  readonly payload: EachBatchPayload;
  /** Next message to hand out. */
  at: number;
  readonly done: PromiseWithResolvers<void>;
}

/** kafkajs sends a heartbeat only when one is due; it is asked this often while a batch waits. */
const HEARTBEAT_CHECK_MS = 500;

/**
 * Turns kafkajs' pushing into polling. Each `eachBatch` call waits here until its batch has been handed out, so that
 * nothing more is fetched meanwhile; heartbeats go on, and a rebalance ends the waiting.
 */
export class HandOver {
  readonly #clock: Clock;
  readonly #signal: Signal;
  readonly #offers = new Set<Offer>();
  readonly #paused = new Set<string>();
  #closed = false;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#signal = new Signal(clock);
  }

  /** kafkajs' `eachBatch`. Rejects with the rebalance error of a heartbeat, which kafkajs wants to see. */
  async offer(payload: EachBatchPayload): Promise<void> {
    const offer: Offer = { payload, at: 0, done: Promise.withResolvers<void>() };
    if (this.#closed || this.#isPaused(offer)) return;
    this.#offers.add(offer);
    this.#signal.raise();
    let waiting = true;
    void offer.done.promise.then(() => { waiting = false; });
    try {
      while (waiting) {
        const timer = new AbortController();
        await Promise.race([offer.done.promise, this.#clock.sleep(HEARTBEAT_CHECK_MS, timer.signal).catch(() => undefined)]);
        timer.abort();
        await payload.heartbeat();
        if (!payload.isRunning() || payload.isStale()) break;
      }
    } finally {
      this.#offers.delete(offer);
    }
  }

  async poll({ maxBytes, maxWaitMs }: PollOptions): Promise<RecordBlock[]> {
    const deadline = this.#clock.monotonic() + maxWaitMs;
    while (!this.#closed) {
      const blocks = this.#take(maxBytes);
      const left = deadline - this.#clock.monotonic();
      if (blocks.length > 0 || left <= 0) return blocks;
      await this.#signal.wait(left);
    }
    return [];
  }

  /** Forgets what waits for these partitions; kafkajs fetches it again from where it then stands. */
  drop(partitions: readonly TopicPartition[]): void {
    for (const offer of this.#offers) {
      if (partitions.some((partition) => keyOf(partition) === keyOf(offer.payload.batch))) this.#finish(offer);
    }
  }

  pause(partitions: readonly TopicPartition[]): void {
    for (const partition of partitions) this.#paused.add(keyOf(partition));
    this.drop(partitions);
  }

  resume(partitions: readonly TopicPartition[]): void {
    for (const partition of partitions) this.#paused.delete(keyOf(partition));
  }

  close(): void {
    this.#closed = true;
    for (const offer of this.#offers) this.#finish(offer);
    this.#signal.raise();
  }

  #take(maxBytes: number): RecordBlock[] {
    const blocks: RecordBlock[] = [];
    let room = maxBytes;
    for (const offer of [...this.#offers]) {
      if (room <= 0) break;
      const block = offer.payload.isStale() ? null : this.#takeFrom(offer, room, blocks.length === 0);
      if (block === null) continue;
      room -= block.bytes;
      blocks.push(block);
    }
    return blocks;
  }

  #takeFrom(offer: Offer, room: number, atLeastOne: boolean): RecordBlock | null {
    const { batch, resolveOffset } = offer.payload;
    const from = offer.at;
    let size = 0;
    for (; offer.at < batch.messages.length; offer.at++) {
      size += sizeOf(batch.messages[offer.at] as EachBatchPayload['batch']['messages'][number]);
      if (size > room && !(atLeastOne && offer.at === from)) break;
    }
    const messages = batch.messages.slice(from, offer.at);
    const last = messages.at(-1);
    if (last === undefined) return null;
    // So that kafkajs goes on behind it; committing is another matter.
    resolveOffset(last.offset);
    const whole = offer.at === batch.messages.length;
    if (whole) this.#finish(offer);
    return messageBlock(batch, messages, Number(whole ? batch.lastOffset() : last.offset) + 1, Number(batch.highWatermark));
  }

  #finish(offer: Offer): void {
    this.#offers.delete(offer);
    offer.done.resolve();
  }

  #isPaused(offer: Offer): boolean { return this.#paused.has(keyOf(offer.payload.batch)); }
}

function keyOf({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`;
}
