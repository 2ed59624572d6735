import { SluiceError, messageOf } from '../domain/errors.ts';
import type { TopicPartition } from '../domain/partition.ts';
import type { Clock } from '../ports/clock.ts';
import type { RecordLog, RecordLogAdmin } from '../ports/record-log.ts';
import { beatRecord } from './beat.ts';

const DELIVERY_TIMEOUT_MS = 5_000;
/** How long the number of partitions is believed, ms. */
const PARTITIONS_FOR_MS = 60_000;

export interface EmitOptions {
  /** The source cluster. */
  readonly log: RecordLog;
  readonly topics: readonly string[];
  readonly everyMs: number;
  /** Name of this process. */
  readonly emitter: string;
  /** Whether a partition is this process's to emit for. */
  readonly owns: (partition: TopicPartition) => boolean;
  readonly clock: Clock;
  readonly onSent: (count: number) => void;
  readonly onProblem: (problem: string) => void;
}

/** Emits one heartbeat per owned source partition in every interval until aborted. A source that does not take them costs only them. */
export async function emitHeartbeats(options: EmitOptions, signal: AbortSignal): Promise<void> {
  const emitter = new HeartbeatEmitter(options);
  const { clock, everyMs } = options;
  try {
    while (!signal.aborted) {
      await emitter.emit();
      await clock.sleep(everyMs - (clock.now() % everyMs), signal).catch(() => undefined);
    }
  } finally {
    await emitter.close();
  }
}

/** Emits on demand: one heartbeat per owned partition and interval, however often it is asked. */
export class HeartbeatEmitter {
  readonly #options: EmitOptions;
  readonly #producer: ReturnType<RecordLog['producer']>;
  readonly #admin: RecordLogAdmin;
  #slot = -1;
  #known: { readonly partitions: readonly TopicPartition[]; readonly tick: number } | null = null;

  constructor(options: EmitOptions) {
    this.#options = options;
    this.#producer = options.log.producer({ compression: 'none', deliveryTimeoutMs: DELIVERY_TIMEOUT_MS });
    this.#admin = options.log.admin();
  }

  async emit(): Promise<number> {
    const { clock, everyMs, emitter, owns, onSent, onProblem } = this.#options;
    const emitted = clock.now();
    const slot = Math.floor(emitted / everyMs);
    if (slot === this.#slot) return 0;
    this.#slot = slot;
    try {
      const all = await this.#partitions();
      const counts = Map.groupBy(all, ({ topic }) => topic);
      const records = all.filter(owns).map(({ topic, partition }) => beatRecord(topic, { emitter, partition, slot, emitted }, counts.get(topic)?.length ?? 1));
      if (records.length > 0) await this.#producer.send(records);
      onSent(records.length);
      return records.length;
    } catch (error) {
      if (!(error instanceof SluiceError)) throw error;
      onProblem(messageOf(error));
      return 0;
    }
  }

  async close(): Promise<void> {
    await Promise.allSettled([this.#producer.close(), this.#admin.close()]);
  }

  async #partitions(): Promise<readonly TopicPartition[]> {
    const { clock, topics } = this.#options;
    if (this.#known === null || clock.monotonic() - this.#known.tick >= PARTITIONS_FOR_MS) {
      this.#known = { partitions: (await this.#admin.ranges(topics)).map(({ topic, partition }) => ({ topic, partition })), tick: clock.monotonic() };
    }
    return this.#known.partitions;
  }
}
