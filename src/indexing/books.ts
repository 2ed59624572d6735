import { SluiceError, messageOf } from '../domain/errors.ts';
import type { Settlement } from '../domain/settlement.ts';
import type { Clock } from '../ports/clock.ts';
import type { RecordConsumer } from '../ports/record-log.ts';
import { deliver, type DeliverTools } from './deliver.ts';
import { batchDocuments, type BatchRecord, type LedgerContext } from './ledger.ts';
import { loadOf, shrink, type BookEntry } from './lines-load.ts';
import { unlessAborted } from './interrupt.ts';
import type { IndexKeeper } from './processor.ts';
import { ensureThrough, recreate } from './ensure.ts';

export interface BooksOptions {
  readonly consumer: RecordConsumer;
  readonly settlement: Settlement;
  readonly tools: DeliverTools;
  readonly indices: IndexKeeper;
  readonly ledger: LedgerContext;
  readonly clock: Clock;
  readonly intervalMs: number;
  readonly onCommit: (result: 'ok' | 'fenced' | 'unavailable', message: string | null) => void;
}

/** Settled batches that may wait to be written down; beyond it the lane takes no more. */
const MAX_UNWRITTEN = 2_000;
/** While a group agrees: so many commits, with this pause between them, ms; three seconds are a heartbeat. */
const OFTEN_COMMITS = 20;
const OFTEN_MS = 150;

/**
 * Settled batches are written down first, then the offsets move: the batch-metadata documents of everything that a
 * commit covers are in their index before the commit is sent.
 */
export class Books {
  readonly #options: BooksOptions;
  readonly #settled: BatchRecord[] = [];
  #committing: Promise<void> = Promise.resolve();
  readonly #wakeWaiting: (() => void)[] = [];

  constructor(options: BooksOptions) {
    this.#options = options;
  }

  add(record: BatchRecord): void {
    this.#settled.push(record);
  }

  /** Waits while more is settled than can be written down. */
  async room(signal: AbortSignal): Promise<void> {
    while (this.#settled.length >= MAX_UNWRITTEN) {
      signal.throwIfAborted();
      await unlessAborted(new Promise<void>((resolve) => this.#wakeWaiting.push(resolve)), signal);
    }
  }

  /** Writes documents of our own through the books' gate, for as long as it takes; rejects only when `signal` is aborted. */
  async write(entries: readonly BookEntry[], signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (entries.length === 0) return;
    const { indices, tools } = this.#options;
    const names = [...new Set(entries.map((entry) => entry.index))];
    await ensureThrough(tools.gate, indices, names, signal);
    let left = entries;
    while (left.length > 0) {
      const { rejected } = await deliver(loadOf(left), { ...tools, recover: () => recreate(indices, names) }, signal);
      left = await this.#shrunk([...rejected.keys()].map((at) => left[at] as BookEntry), signal);
    }
  }

  /** Entries that are too large for the cluster lose half of their payload; one that has none to lose holds the lane. */
  async #shrunk(entries: readonly BookEntry[], signal: AbortSignal): Promise<BookEntry[]> {
    const smaller: BookEntry[] = [];
    for (const entry of entries) {
      const cut = shrink(entry);
      if (cut === null) await this.#options.tools.gate.through(signal, async () => ({ result: undefined, trouble: { kind: 'hold', reason: `the cluster finds a document for ${entry.index} too large, without any payload` } }));
      smaller.push(cut ?? entry);
    }
    return smaller;
  }

  /** Commits at every interval until `stop` is aborted; what is left then is the caller's to commit. `abort` ends it at once. */
  async keep(stop: AbortSignal, abort: AbortSignal): Promise<void> {
    while (!stop.aborted && !abort.aborted) {
      await this.#pause(AbortSignal.any([stop, abort]));
      if (!stop.aborted && !abort.aborted) await this.commit(abort);
    }
  }

  /** Commits what is settled; one commit goes after the other, so that none takes back what another has moved. */
  async commit(signal: AbortSignal): Promise<void> {
    const before = this.#committing;
    const commit = before.catch(() => undefined).then(() => this.#commit(signal));
    this.#committing = commit;
    await commit;
  }

  /** For as long as the members of a group take to agree, commits so often that little is left to be read again. */
  async commitOften(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    for (let left = OFTEN_COMMITS; left > 0; left -= 1) {
      await clock.sleep(OFTEN_MS, signal);
      await this.commit(signal);
    }
  }

  async #commit(signal: AbortSignal): Promise<void> {
    const { consumer, settlement, ledger, onCommit } = this.#options;
    const records = [...this.#settled];
    const positions = settlement.committable();
    await this.write([...batchDocuments(records, ledger), ...records.flatMap((record) => record.beats)], signal);
    // Only now: where writing was broken off, a commit that waits behind this one must not move past these records.
    this.#settled.splice(0, records.length);
    for (const wake of this.#wakeWaiting.splice(0)) wake();
    if (positions.length === 0) return;
    try {
      await consumer.commit(positions);
      settlement.committed(positions);
      onCommit('ok', null);
    } catch (error) {
      if (!(error instanceof SluiceError) || (error.code !== 'KAFKA_FENCED' && error.code !== 'KAFKA_UNAVAILABLE')) throw error;
      onCommit(error.code === 'KAFKA_FENCED' ? 'fenced' : 'unavailable', messageOf(error));
    }
  }

  async #pause(signal: AbortSignal): Promise<void> {
    try {
      await this.#options.clock.sleep(this.#options.intervalMs, signal);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }
}
