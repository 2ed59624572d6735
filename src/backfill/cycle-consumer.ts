import { SluiceError, messageOf } from '../domain/errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { AssignmentListener, ConsumerHealth, PartitionPosition, PollOptions, RecordBlock, RecordConsumer, TopicPartition } from '../ports/record-log.ts';
import type { Claims } from './claims.ts';
import type { Control } from './control.ts';
import type { Group } from './manifest.ts';

export interface CycleConsumerParts {
  readonly claims: Claims;
  /** The documents of a row group; may be shared with the consumers of other regions. */
  readonly read: (group: Group) => Promise<RecordBlock>;
  readonly control: () => Promise<Control['state']>;
  readonly clock: Clock;
  /** Row groups that are read before the lane asks for them. */
  readonly readAhead: number;
  /** Row groups that the lane may have without having settled them. */
  readonly unsettled: number;
  readonly leaseMs: number;
  readonly pollMs: number;
  /** Told once: every row group of the region is done, or the cycle was cancelled. */
  readonly onEnd: (end: 'done' | 'cancelled') => void;
}

/** `block`: from when it was read until it is handed out. */
interface Held { readonly group: Group; block: RecordBlock | null; error: unknown; handedOut: boolean }

/** Renewed so often within the life of a lease. */
const RENEWALS = 3;

/** Hands out the row groups that this worker could lease, each as one block, and marks those done that the lane has settled. */
export class CycleConsumer implements RecordConsumer {
  readonly #parts: CycleConsumerParts;
  readonly #held = new Map<string, Held>();
  readonly #stop = new AbortController();
  #listener: AssignmentListener | null = null;
  /** Null until it was asked for once. */
  #state: Control['state'] | null = null;
  #broken: Error | null = null;
  #lastError: string | null = null;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #tending: Promise<unknown> = Promise.resolve();
  #wake: () => void = () => {};

  constructor(parts: CycleConsumerParts) {
    this.#parts = parts;
  }

  async start(listener: AssignmentListener): Promise<void> {
    this.#listener = listener;
    this.#tending = Promise.all([this.#tend(), this.#listen()]);
  }

  async poll({ maxWaitMs }: PollOptions): Promise<RecordBlock[]> {
    await this.#patiently(() => this.#claim());
    const ready = this.#ready() ?? (await this.#waitForOne(maxWaitMs));
    if (ready === null) return [];
    const { block } = ready;
    if (block === null) throw ready.error;
    ready.handedOut = true;
    ready.block = null;
    this.#listener?.assigned([block]);
    return [block];
  }

  async commit(positions: readonly PartitionPosition[]): Promise<void> {
    for (const { topic, partition, offset } of positions) {
      const held = this.#held.get(keyOf({ topic, partition }));
      if (held === undefined || offset < held.group.rows) continue;
      await this.#finish(held.group);
      this.#listener?.revoked([{ topic, partition }]);
      this.#held.delete(keyOf({ topic, partition }));
      this.#wake();
    }
  }

  health(): ConsumerHealth {
    const assigned = [...this.#held.values()].filter(({ handedOut }) => handedOut).map(({ group }) => partitionOf(group));
    return { connected: this.#lastError === null, assigned, lastError: this.#lastError, generation: 0 };
  }

  seek(): void {}
  pause(): void {}
  resume(): void {}

  async close(): Promise<void> {
    if (this.#stop.signal.aborted) return;
    this.#stop.abort(new Error('closed'));
    this.#wake();
    await this.#tending;
    await Promise.allSettled(this.#parts.claims.mine.map((group) => this.#parts.claims.release(group)));
  }

  /** Leases groups up to what may be held, and begins to read them. */
  async #claim(): Promise<void> {
    const { claims, clock, pollMs } = this.#parts;
    if (this.#broken !== null) throw this.#broken;
    if (clock.monotonic() - this.#lookedAt >= pollMs) {
      await claims.refresh();
      this.#lookedAt = clock.monotonic();
    }
    if (claims.complete) return this.#parts.onEnd('done');
    while (this.#state === 'running' && this.#hasRoom()) {
      const group = await claims.next();
      if (group === null) return;
      this.#begin(group);
    }
  }

  #hasRoom(): boolean {
    const { readAhead, unsettled } = this.#parts;
    const ahead = [...this.#held.values()].filter(({ handedOut }) => !handedOut).length;
    return ahead < readAhead && this.#held.size - ahead < unsettled;
  }

  #begin(group: Group): void {
    const held: Held = { group, block: null, error: null, handedOut: false };
    this.#held.set(keyOf(partitionOf(group)), held);
    void this.#patiently(async () => { held.block = await this.#parts.read(group); }).catch((error: unknown) => { held.error = error; }).finally(() => this.#wake());
  }

  #ready(): Held | null {
    for (const held of this.#held.values()) if (!held.handedOut && (held.block !== null || held.error !== null)) return held;
    return null;
  }

  async #waitForOne(maxWaitMs: number): Promise<Held | null> {
    const waited = new AbortController();
    const woken = new Promise<void>((resolve) => { this.#wake = resolve; });
    const late = this.#parts.clock.sleep(maxWaitMs, waited.signal).catch(() => undefined);
    await Promise.race([woken, late]);
    waited.abort();
    this.#wake = () => {};
    return this.#ready();
  }

  /** A store that does not answer is asked again; for the lane that is a log that cannot be reached just now. */
  async #finish(group: Group): Promise<void> {
    try {
      await this.#parts.claims.finish(group);
      this.#lastError = null;
    } catch (error) {
      if (!isUnavailable(error)) throw error;
      this.#lastError = messageOf(error);
      throw new SluiceError('KAFKA_UNAVAILABLE', messageOf(error), { cause: error });
    }
  }

  /** Renews the leases for as long as the consumer lives, also while the lane takes nothing. */
  async #tend(): Promise<void> {
    const { clock, leaseMs, claims } = this.#parts;
    while (!this.#stop.signal.aborted) {
      await clock.sleep(leaseMs / RENEWALS, this.#stop.signal).catch(() => undefined);
      if (this.#stop.signal.aborted) return;
      await this.#patiently(async () => this.#lose(await claims.renew())).catch((error: unknown) => { this.#lastError = messageOf(error); });
    }
  }

  /** Hears what the operator wants for as long as the consumer lives, also while the lane takes nothing. */
  async #listen(): Promise<void> {
    const { clock, pollMs, control, onEnd } = this.#parts;
    while (!this.#stop.signal.aborted) {
      const before = this.#state;
      await this.#patiently(async () => { this.#state = await control(); }).catch((error: unknown) => { this.#broken = error instanceof Error ? error : new Error(messageOf(error)); });
      if (this.#state !== before || this.#broken !== null) this.#wake();
      if (this.#broken !== null) return;
      if (this.#state === 'cancelled') return onEnd('cancelled');
      await clock.sleep(pollMs, this.#stop.signal).catch(() => undefined);
    }
  }

  /** Groups that somebody else has taken over: what is in flight for them finishes and counts for nobody. */
  #lose(groups: readonly number[]): void {
    for (const [key, { group }] of this.#held) {
      if (!groups.includes(group.number)) continue;
      this.#held.delete(key);
      this.#listener?.revoked([partitionOf(group)]);
    }
  }

  async #patiently(work: () => Promise<void>): Promise<void> {
    while (!this.#stop.signal.aborted) {
      try {
        await work();
        this.#lastError = null;
        return;
      } catch (error) {
        if (!isUnavailable(error)) throw error;
        this.#lastError = messageOf(error);
        await this.#parts.clock.sleep(this.#parts.pollMs, this.#stop.signal).catch(() => undefined);
      }
    }
  }
}

function isUnavailable(error: unknown): boolean {
  return error instanceof SluiceError && error.code === 'OBJECT_STORE_UNAVAILABLE';
}

function partitionOf({ file, index }: Group): TopicPartition {
  return { topic: file.key, partition: index };
}

function keyOf({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`;
}
