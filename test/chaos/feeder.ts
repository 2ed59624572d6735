import { setTimeout as sleep } from 'node:timers/promises';
import { ENVELOPE_HEADER } from '../../src/domain/envelope.ts';
import { regionalTopicOf, sourceTopicOf } from '../../src/domain/pipeline.ts';
import type { OutgoingRecord, RecordLog, RecordProducer } from '../../src/ports/record-log.ts';
import type { Sending } from './history.ts';

/** Header by which a record is known again when the topics are read: the number of its sending. */
export const SEQ_HEADER = 'chaos';
const TICK_MS = 200;
const DELIVERY_TIMEOUT_MS = 10_000;
const RETRY_MS = 500;
const AT_ONCE = 200;
const MAX_AT_ONCE_BYTES = 4 * 1024 * 1024;
/** While a cluster is down its records wait here; no more are taken when there are more. */
const MAX_WAITING = 50_000;

/** A record and the cluster it goes to: `source` or a region. */
export interface Addressed {
  readonly to: string;
  readonly record: OutgoingRecord;
}

export interface FeederOptions {
  readonly records: Iterator<Addressed>;
  readonly perSecond: number;
  readonly log: (name: string) => RecordLog;
}

/** Sends records at a rate, to the source and to the regions, each by itself; what is not acknowledged is sent again. */
export class Feeder {
  readonly #options: FeederOptions;
  readonly #queues = new Map<string, Queue>();
  /** Records taken so far. */
  taken = 0;

  constructor(options: FeederOptions) {
    this.#options = options;
  }

  get waiting(): number { return [...this.#queues.values()].reduce((sum, queue) => sum + queue.waiting, 0); }

  /** Resolves when the records are at their end, or the signal aborts, and everything taken is acknowledged. */
  async run(signal: AbortSignal): Promise<void> {
    const started = performance.now();
    for (let ended = false; !ended && !signal.aborted;) {
      const due = Math.floor(((performance.now() - started) / 1_000) * this.#options.perSecond);
      while (!ended && this.taken < due && this.waiting < MAX_WAITING) ended = !this.#take();
      await sleep(TICK_MS);
    }
    await Promise.all([...this.#queues.values()].map((queue) => queue.close()));
  }

  #take(): boolean {
    const { done, value } = this.#options.records.next();
    if (done === true) return false;
    this.taken += 1;
    const { to, record } = value;
    this.#queueOf(to).push(record);
    return true;
  }

  #queueOf(name: string): Queue {
    const queue = this.#queues.get(name) ?? new Queue(this.#options.log(name));
    this.#queues.set(name, queue);
    return queue;
  }
}

/** Records on their way to one cluster, in order. */
class Queue {
  readonly #log: RecordLog;
  readonly #records: OutgoingRecord[] = [];
  #producer: RecordProducer | null = null;
  #pumping: Promise<void> | null = null;

  constructor(log: RecordLog) {
    this.#log = log;
  }

  get waiting(): number { return this.#records.length; }

  push(record: OutgoingRecord): void {
    this.#records.push(record);
    this.#pumping ??= this.#pump();
  }

  async close(): Promise<void> {
    await this.#pumping;
    await this.#producer?.close();
  }

  async #pump(): Promise<void> {
    while (this.#records.length > 0) {
      const batch = this.#next();
      if (await this.#sent(batch)) this.#records.splice(0, batch.length);
      else await sleep(RETRY_MS);
    }
    this.#pumping = null;
  }

  #next(): OutgoingRecord[] {
    let bytes = 0;
    const room = this.#records.slice(0, AT_ONCE).findIndex((record) => (bytes += record.value?.length ?? 0) > MAX_AT_ONCE_BYTES);
    return this.#records.slice(0, room === -1 ? AT_ONCE : Math.max(1, room));
  }

  /** False where it is not known whether the records are there: they are sent again, and may then be there twice. */
  async #sent(batch: readonly OutgoingRecord[]): Promise<boolean> {
    try {
      this.#producer ??= this.#log.producer({ compression: 'none', deliveryTimeoutMs: DELIVERY_TIMEOUT_MS });
      await this.#producer.send(batch);
      return true;
    } catch {
      // The cluster is down, on purpose.
      void this.#producer?.close().catch(() => undefined);
      this.#producer = null;
      return false;
    }
  }
}

/** The record of a sending, with its number. */
export function addressed(sending: Sending, prefix: string): Addressed {
  return { to: sending.kind === 'source' ? 'source' : sending.region, record: recordOf(sending, prefix) };
}

function recordOf(sending: Sending, prefix: string): OutgoingRecord {
  const seq = Buffer.from(String(sending.seq));
  if (sending.kind === 'source') {
    return { topic: sourceTopicOf(prefix, sending.pipeline), key: sending.key, value: sending.value, headers: new Map([[SEQ_HEADER, seq]]) };
  }
  const headers = new Map([[SEQ_HEADER, seq], ...(sending.header === null ? [] : [[ENVELOPE_HEADER, sending.header] as const])]);
  return { topic: regionalTopicOf(prefix, sending.pipeline), key: sending.key, value: sending.value, headers };
}
