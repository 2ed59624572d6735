import { SluiceError, messageOf } from '../domain/errors.ts';
import { writeLoadNote, type LoadNotes } from '../policy/load-notes.ts';
import type { Clock } from '../ports/clock.ts';
import type { RecordLog, RecordProducer } from '../ports/record-log.ts';
import type { SearchGuard } from '../rate/search-guard.ts';
import type { BackfillRate } from './backfill-rate.ts';
import type { GiveWay, Taking } from './give-way.ts';
import { holderOf, type HeldBack } from './held-back.ts';
import { HOLDS_MS, type HeldShare } from './held-share.ts';

/** How often it is looked whom the load disturbs, ms. */
const LOOK_MS = 2_000;
/** How often it is read how far live traffic is behind, ms: no divisor of the second in which lanes commit, so that readings fall before and after a commit. */
const READ_LAG_MS = 700;
/** How often what it may take is worked out anew, ms. */
const TAKE_MS = 250;
/** An unchanged share is told again this often, ms. */
const REPEAT_MS = 10_000;
const DELIVERY_TIMEOUT_MS = 5_000;

export interface LoadTellingParts {
  /** The Kafka of every region: lanes from each of them write to the destination. */
  readonly logs: readonly RecordLog[];
  readonly topic: string;
  readonly key: string;
  readonly clock: Clock;
  readonly control: BackfillRate;
  readonly guard: SearchGuard;
  readonly loads: LoadNotes;
  readonly giveWay: GiveWay;
  readonly held: HeldShare;
  /** Told at every look. */
  readonly heldBack: HeldBack;
  /** Of the live lanes; asked again and again. */
  readonly lagSeconds: () => Promise<number | null>;
  readonly onProblem: (message: string) => void;
}

/** Tells the lanes what a load takes of the caps, and takes no more than they have heard of. */
export class LoadTelling {
  readonly #parts: LoadTellingParts;
  #taking: Taking = { share: 0, documentsPerSecond: null };
  #told: { share: number; at: number } | null = null;
  #lagSeconds: number | null = null;
  #looked: { at: number; sent: number };

  constructor(parts: LoadTellingParts) {
    this.#parts = parts;
    this.#looked = { at: parts.clock.monotonic(), sent: parts.control.sent };
  }

  /** Goes on until the signal fires, and then gives the share back. */
  async run(signal: AbortSignal): Promise<void> {
    const producers = this.#parts.logs.map((log) => log.producer({ compression: 'none', deliveryTimeoutMs: DELIVERY_TIMEOUT_MS }));
    try {
      await this.#readLag();
      await Promise.all([
        this.#every(READ_LAG_MS, () => this.#readLag(), signal),
        this.#every(LOOK_MS, () => this.#look(producers), signal),
        this.#every(TAKE_MS, async () => this.#take(), signal),
      ]);
      await this.#send(producers, null);
    } finally {
      await Promise.allSettled(producers.map((producer) => producer.close()));
    }
  }

  async #every(ms: number, work: () => Promise<void>, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await work();
      await this.#parts.clock.sleep(ms, signal).catch(() => undefined);
    }
  }

  async #readLag(): Promise<void> {
    this.#lagSeconds = await this.#parts.lagSeconds();
  }

  async #look(producers: readonly RecordProducer[]): Promise<void> {
    const { clock, control, guard, loads, giveWay, held, heldBack, key } = this.#parts;
    const now = clock.monotonic();
    const passedMs = now - this.#looked.at;
    const sent = ((control.sent - this.#looked.sent) * 1_000) / Math.max(1, passedMs);
    this.#looked = { at: now, sent: control.sent };
    const look = giveWay.look({ lagSeconds: this.#lagSeconds, guard: guard.limit, sent, othersShare: loads.share(key), others: loads.count(key) });
    this.#taking = look;
    heldBack.look(holderOf(look.givesWayTo, control.status()), passedMs);
    held.intend(this.#taking.share);
    this.#take();
    const told = this.#told;
    if (told === null || told.share !== this.#taking.share || now - told.at >= REPEAT_MS) await this.#tell(producers, this.#taking.share);
  }

  #take(): void {
    const { clock, control, held } = this.#parts;
    control.allow({ ...this.#taking, share: held.at(clock.monotonic()) });
  }

  async #tell(producers: readonly RecordProducer[], share: number): Promise<void> {
    const { clock, held } = this.#parts;
    const done = held.tell(share, clock.monotonic());
    if (!(await this.#send(producers, writeLoadNote({ share, forMs: HOLDS_MS })))) return;
    done(clock.monotonic());
    this.#told = { share, at: clock.monotonic() };
  }

  /** False where some region did not take it. */
  async #send(producers: readonly RecordProducer[], value: Buffer | null): Promise<boolean> {
    const { topic, key, onProblem } = this.#parts;
    const results = await Promise.allSettled(producers.map((producer) => producer.send([{ topic, key: Buffer.from(key), value }])));
    for (const result of results) {
      if (result.status === 'fulfilled') continue;
      if (!(result.reason instanceof SluiceError)) throw result.reason;
      onProblem(messageOf(result.reason));
    }
    return results.every(({ status }) => status === 'fulfilled');
  }
}
