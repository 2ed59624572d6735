import { SluiceError } from '../../domain/errors.ts';
import type { Clock } from '../../ports/clock.ts';
import type { OutgoingRecord, RecordProducer } from '../../ports/record-log.ts';
import { MAX_BATCH_BYTES, sizeInBatch } from './record-size.ts';

/** A library's idempotent producer, which may try again for ever. */
export interface InnerProducer {
  /** Resolves when all records are acknowledged; rejects with the library's error. */
  send(records: readonly OutgoingRecord[]): Promise<void>;
  /** Gives up at once whatever is under way. */
  close(): Promise<void>;
}

export interface BoundedProducerOptions {
  readonly clock: Clock;
  readonly deliveryTimeoutMs: number;
  create(): InnerProducer;
  isTooLarge(error: unknown): boolean;
  toSluiceError(error: unknown, what: string, details: Record<string, unknown>): SluiceError;
}

const CLOSE_PATIENCE_MS = 2_000;
/** Made once: an abort without a reason makes an error, with its stack, each time. */
const SENT = new Error('sent');

/**
 * Sends one call after the other: the order of a partition and the sequence numbers depend on it. After a failure the
 * inner producer is thrown away, since nobody knows which of its sequence numbers the broker has seen; a request of it
 * that is still on its way may yet be written, so a record may be there twice.
 */
export class BoundedProducer implements RecordProducer {
  readonly #options: BoundedProducerOptions;
  #inner: InnerProducer | null = null;
  #last: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(options: BoundedProducerOptions) {
    this.#options = options;
  }

  send(records: readonly OutgoingRecord[]): Promise<void> {
    const { clock, deliveryTimeoutMs } = this.#options;
    const deadline = clock.monotonic() + deliveryTimeoutMs;
    const sent = this.#last.then(() => this.#sendAll(records, deadline));
    this.#last = sent.catch(() => undefined);
    return sent;
  }

  async close(): Promise<void> {
    await this.#last;
    this.#closed = true;
    await this.#discard();
  }

  async #sendAll(records: readonly OutgoingRecord[], deadline: number): Promise<void> {
    for (const chunk of chunksOf(records)) await this.#sendChunk(chunk, deadline);
  }

  /** A chunk that the broker finds too large is halved until the one record that is too large stands alone. */
  async #sendChunk(records: readonly OutgoingRecord[], deadline: number): Promise<void> {
    try {
      await this.#deliver(records, deadline);
    } catch (error) {
      if (!this.#options.isTooLarge(error) || records.length === 1) throw this.#explain(error, records);
      const middle = records.length >> 1;
      await this.#sendChunk(records.slice(0, middle), deadline);
      await this.#sendChunk(records.slice(middle), deadline);
    }
  }

  async #deliver(records: readonly OutgoingRecord[], deadline: number): Promise<void> {
    if (this.#closed) throw new SluiceError('BUG', 'the producer is closed');
    const { clock, deliveryTimeoutMs } = this.#options;
    const late = Promise.withResolvers<never>();
    const timer = new AbortController();
    clock.sleep(Math.max(0, deadline - clock.monotonic()), timer.signal).then(
      () => late.reject(new SluiceError('KAFKA_UNAVAILABLE', `not acknowledged within ${deliveryTimeoutMs} ms`)),
      () => undefined,
    );
    this.#inner ??= this.#options.create();
    try {
      await Promise.race([this.#inner.send(records), late.promise]);
    } catch (error) {
      await this.#discard();
      throw error;
    } finally {
      timer.abort(SENT);
    }
  }

  async #discard(): Promise<void> {
    const inner = this.#inner;
    this.#inner = null;
    if (inner === null) return;
    await Promise.race([inner.close().catch(() => undefined), this.#options.clock.sleep(CLOSE_PATIENCE_MS)]);
  }

  #explain(error: unknown, records: readonly OutgoingRecord[]): SluiceError {
    const first = records[0];
    if (this.#options.isTooLarge(error) && first !== undefined) {
      const bytes = sizeInBatch(first);
      return new SluiceError('KAFKA_RECORD_TOO_LARGE', `a record of about ${bytes} bytes is over the limit of topic ${first.topic}`, { cause: error, details: { topic: first.topic, bytes } });
    }
    return this.#options.toSluiceError(error, 'records could not be produced', { topics: [...new Set(records.map(({ topic }) => topic))] });
  }
}

/** Runs of records that fit into one batch even if all of them go to one partition. */
function* chunksOf(records: readonly OutgoingRecord[]): Generator<readonly OutgoingRecord[]> {
  let from = 0;
  let size = 0;
  for (let index = 0; index < records.length; index++) {
    const next = sizeInBatch(records[index] as OutgoingRecord);
    if (size + next > MAX_BATCH_BYTES && index > from) {
      yield records.slice(from, index);
      from = index;
      size = 0;
    }
    size += next;
  }
  if (from < records.length) yield records.slice(from);
}
