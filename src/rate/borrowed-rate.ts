import type { Clock } from '../ports/clock.ts';
import type { RateControl } from './rate-control.ts';

/** How often it is looked whether there is a share by now, ms. */
const LOOK_MS = 250;
/** A share that nothing was written with for so long is given back, ms. */
const IDLE_MS = 15_000;

/** The rate of a load into one region: takes nothing before its share was told to every lane. */
export interface OpenRate {
  readonly control: Pick<RateControl, 'take' | 'status'>;
  /** Tells and follows the share until the signal fires, and then gives it back. */
  run(signal: AbortSignal): Promise<void>;
}

/** What is borrowed of one region. */
export interface RegionShare {
  /** Documents/s that there are, as soon as there are any; 0 when there were none within `patienceMs`. Rejects when aborted. */
  room(patienceMs: number, signal: AbortSignal): Promise<number>;
  /** Resolves when so much may be sent. `room` comes first. */
  take(documents: number, bytes: number, signal: AbortSignal): Promise<void>;
}

export interface BorrowedRateParts {
  readonly regions: readonly string[];
  readonly open: (region: string) => OpenRate;
  readonly clock: Clock;
}

interface Borrowed {
  readonly rates: ReadonlyMap<string, OpenRate>;
  readonly stop: AbortController;
  readonly running: Promise<void>;
}

/** A share of every region's caps, as a load has one, for as long as there is something to write: the lanes have all of them otherwise. */
export class BorrowedRate {
  readonly #parts: BorrowedRateParts;
  #borrowed: Borrowed | null = null;
  /** The last one, until its share is given back: what it says at its end must not come after what the next one tells. */
  #ending: Promise<void> | null = null;
  /** Who waits for room: their share is not given back while they do. */
  #waiting = 0;
  /** Ends the waiting for the end of a rest. */
  #busy = new AbortController();

  constructor(parts: BorrowedRateParts) {
    this.#parts = parts;
  }

  /**
   * Documents/s that the region with the smallest share leaves, as soon as there are any; infinite where nothing is capped.
   * 0 when live traffic or searches left nothing within `patienceMs`. Rejects when aborted.
   */
  async room(patienceMs: number, signal: AbortSignal): Promise<number> {
    return await this.#room(this.#parts.regions, patienceMs, signal);
  }

  of(region: string): RegionShare {
    return {
      room: (patienceMs, signal) => this.#room([region], patienceMs, signal),
      take: async (documents, bytes, signal) => await this.#borrow().rates.get(region)?.control.take(documents, bytes, signal),
    };
  }

  async #room(regions: readonly string[], patienceMs: number, signal: AbortSignal): Promise<number> {
    this.#busy.abort();
    const { rates } = this.#borrow();
    const { clock } = this.#parts;
    this.#waiting += 1;
    try {
      for (const deadline = clock.monotonic() + patienceMs; ; await clock.sleep(LOOK_MS, signal)) {
        signal.throwIfAborted();
        const room = Math.min(...regions.map((region) => roomOf(rates.get(region))));
        if (room > 0 || clock.monotonic() >= deadline) return room;
      }
    } finally {
      this.#waiting -= 1;
    }
  }

  /** Nothing is to be written for now, by whoever says so; others who wait for room will say so themselves. */
  rest(): void {
    if (this.#waiting > 0) return;
    this.#busy.abort();
    this.#busy = new AbortController();
    void this.#parts.clock.sleep(IDLE_MS, this.#busy.signal).then(() => this.close(), () => undefined);
  }

  /** Gives the share back. */
  async close(): Promise<void> {
    this.#busy.abort();
    const borrowed = this.#borrowed;
    this.#borrowed = null;
    borrowed?.stop.abort();
    if (borrowed === null) return;
    const ending: Promise<void> = borrowed.running.catch(() => undefined).then(() => { if (this.#ending === ending) this.#ending = null; });
    this.#ending = ending;
    await borrowed.running;
  }

  /** A new one each time: what is given back must be told anew before it is taken. */
  #borrow(): Borrowed {
    if (this.#borrowed !== null) return this.#borrowed;
    const stop = new AbortController();
    const rates = new Map(this.#parts.regions.map((region) => [region, this.#parts.open(region)]));
    const run = async (): Promise<void> => { await Promise.all([...rates.values()].map((rate) => rate.run(stop.signal))); };
    const running = this.#ending === null ? run() : this.#ending.then(() => (stop.signal.aborted ? undefined : run()));
    // Told by close(); nothing is taken without it.
    running.catch(() => undefined);
    return this.#borrowed = { rates, stop, running };
  }
}

function roomOf(rate: OpenRate | undefined): number {
  if (rate === undefined) return 0;
  const { caps, share } = rate.control.status();
  if (caps === null) return 0;
  return share.bytesPerSecond === 0 ? 0 : share.documentsPerSecond ?? Number.POSITIVE_INFINITY;
}
