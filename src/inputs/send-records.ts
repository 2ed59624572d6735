import { SluiceError } from '../domain/errors.ts';
import { sourceTopicOf } from '../domain/pipeline.ts';
import type { Clock } from '../ports/clock.ts';
import type { OutgoingRecord, RecordProducer } from '../ports/record-log.ts';
import { Pacer } from './pacing.ts';
import type { Pace } from './pacing.ts';
import type { InputRecord } from './record.ts';

/** Most records and payload bytes of one send. */
const BATCH_RECORDS = 1_000;
const BATCH_BYTES = 1024 * 1024;
/** A cluster that is away is tried again this often, this many times in a row. */
const RETRY_MS = 1_000;
const MAX_ATTEMPTS = 60;

export interface SendProgress {
  readonly records: number;
  readonly bytes: number;
  /** Since the start, ms. */
  readonly elapsedMs: number;
}

export interface SendOptions {
  readonly producer: RecordProducer;
  readonly clock: Clock;
  /** Put before the topics' names. */
  readonly prefix: string;
  readonly pace: Pace;
  /** Stops after what is being sent; the result then counts what was acknowledged. */
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: (progress: SendProgress) => void;
}

/**
 * Sends records to their source topics at the given pace, in order, stamped with the time of sending. Resolves with
 * what was acknowledged; rejects with the producer's error when a cluster stays away, or refuses.
 */
export async function sendRecords(records: Iterable<InputRecord> | AsyncIterable<InputRecord>, options: SendOptions): Promise<SendProgress> {
  const sending = new Sending(options);
  try {
    for await (const record of records) {
      await sending.add(record);
      if (options.signal?.aborted === true) break;
    }
    await sending.finish();
  } catch (error) {
    // A stop in the middle of a wait is an end, not a failure.
    if (options.signal?.aborted !== true) throw error;
    await sending.finishStopped();
  }
  return sending.progress();
}

class Sending {
  readonly #options: SendOptions;
  readonly #pacer: Pacer;
  readonly #started: number;
  #batch: OutgoingRecord[] = [];
  #batchBytes = 0;
  #inFlight: Promise<void> = Promise.resolve();
  #records = 0;
  #bytes = 0;

  constructor(options: SendOptions) {
    this.#options = options;
    this.#pacer = new Pacer(options.pace);
    this.#started = options.clock.monotonic();
  }

  async add(record: InputRecord): Promise<void> {
    const due = this.#pacer.due(record.timestamp);
    if (due > this.#elapsed()) {
      await this.#flush();
      await this.#inFlight;
      const wait = due - this.#elapsed();
      if (wait > 0) await this.#options.clock.sleep(wait, this.#options.signal);
    }
    this.#batch.push({ topic: sourceTopicOf(this.#options.prefix, record.pipeline), key: record.key, value: record.payload });
    this.#batchBytes += record.payload.length;
    if (this.#batch.length >= BATCH_RECORDS || this.#batchBytes >= BATCH_BYTES) await this.#flush();
  }

  async finish(): Promise<void> {
    await this.#flush();
    await this.#inFlight;
  }

  /** What waits for a cluster that is away stays unsent. */
  async finishStopped(): Promise<void> {
    try {
      await this.finish();
    } catch (error) {
      if (error !== this.#options.signal?.reason) throw error;
    }
  }

  progress(): SendProgress {
    return { records: this.#records, bytes: this.#bytes, elapsedMs: this.#elapsed() };
  }

  #elapsed(): number {
    return this.#options.clock.monotonic() - this.#started;
  }

  /** One send is in flight while the next batch fills. */
  async #flush(): Promise<void> {
    if (this.#batch.length === 0) return;
    const [batch, bytes] = [this.#batch, this.#batchBytes];
    this.#batch = [];
    this.#batchBytes = 0;
    await this.#inFlight;
    this.#inFlight = this.#send(batch, bytes);
    // A rejection is met by the next await; until then it must not count as unhandled.
    this.#inFlight.catch(() => undefined);
  }

  async #send(batch: readonly OutgoingRecord[], bytes: number): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.#options.producer.send(batch);
        break;
      } catch (error) {
        if (!isUnavailable(error) || attempt >= MAX_ATTEMPTS) throw error;
        await this.#options.clock.sleep(RETRY_MS, this.#options.signal);
      }
    }
    this.#records += batch.length;
    this.#bytes += bytes;
    this.#options.onProgress?.(this.progress());
  }
}

function isUnavailable(error: unknown): boolean {
  return error instanceof SluiceError && error.code === 'KAFKA_UNAVAILABLE';
}
