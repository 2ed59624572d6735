import type { Clock } from '../ports/clock.ts';
import { type Caps, NO_CAPS, shareOf, tighter } from './caps.ts';
import { Pace } from './pace.ts';
import { type Sample, Window } from './window.ts';

/** How batches are cut and sent at this moment. */
export interface Limits {
  /** Operations and bytes of one batch. */
  readonly operations: number;
  readonly bytes: number;
  /** Batches under way at once. */
  readonly inFlight: number;
}

export interface RateOptions {
  readonly clock: Clock;
  /** Bounds of the adaptive part, as configured. */
  readonly most: Limits;
  /** Operations in flight at the beginning: what was learned before, or a small number. */
  readonly start: number;
  readonly targetMs: number;
  /** How many lanes write to the cluster: they share its caps. */
  readonly lanes: number;
}

/** What the configuration says of a lane's rate. */
export interface RateSettings {
  readonly batchOperations: number;
  readonly batchBytes: number;
  readonly inFlight: number;
  readonly targetLatencyMs: number;
}

/** Operations in flight at first, where nothing was learned yet. */
const FIRST_WINDOW = 1_000;

/** A lane's rate control as configured; `learned` is the window that a process of the lane told last. */
export function rateControlOf(settings: RateSettings, { clock, lanes, learned }: { readonly clock: Clock; readonly lanes: number; readonly learned: number | null }): RateControl {
  const { batchOperations, batchBytes, inFlight, targetLatencyMs } = settings;
  return new RateControl({ clock, lanes, most: { operations: batchOperations, bytes: batchBytes, inFlight }, start: learned ?? FIRST_WINDOW, targetMs: targetLatencyMs });
}

/** The rate as it is now, for `/status` and the view. */
export interface RateStatus {
  /** Operations that may be in flight, as the controller found. */
  readonly window: number;
  /** Of the whole cluster; null before the policy is known. */
  readonly caps: Caps | null;
  /** What this host may send. */
  readonly share: Caps;
  /** What the search guard leaves this host, documents/s; null: all. */
  readonly guard: number | null;
  /** Requests that wait for their turn. */
  readonly waiting: number;
}

/** One is built while another is under way; with less than this the cluster would wait for us. */
const LEAST_IN_FLIGHT = 2;
/** Under a cap a batch carries no more than this much of a second: the rate stays even. */
const BATCH_SECONDS = 0.1;
const LEAST_BATCH_BYTES = 16 * 1024;
/** What comes in is indexed whatever searches bear, and a little more, so that it leaves nothing behind: the search guard slows the catching up alone. */
const KEEPING_UP = 1.2;

/** Everything that decides how fast one lane sends to its cluster: caps (policy, share, search guard) and, under them, the adaptive window. */
export class RateControl {
  readonly #options: RateOptions;
  readonly #pace: Pace;
  readonly #window: Window;
  #caps: Caps | null = null;
  #partitions: { owned: number; total: number } | null = null;
  #guard: number | null = null;
  #arriving = 0;
  /** Before it is known nothing is sent (the pace sees to that), but batches are cut as without caps. */
  #share: Caps = NO_CAPS;
  #sent = 0;

  constructor(options: RateOptions) {
    this.#options = options;
    this.#pace = new Pace(options.clock);
    this.#window = new Window({ start: options.start, most: options.most.operations * options.most.inFlight, targetMs: options.targetMs });
  }

  /** The caps of the whole cluster. Nothing is sent before the first call. */
  cap(caps: Caps): void {
    this.#caps = caps;
    this.#apply();
  }

  /** Partitions of this lane: those of this host, and all. */
  own(owned: number, total: number): void {
    this.#partitions = { owned, total };
    this.#apply();
  }

  /** What the search guard leaves this host, documents/s; null: all. */
  guard(documentsPerSecond: number | null): void {
    this.#guard = documentsPerSecond;
    this.#apply();
  }

  /** Records/s that come in for this host: the guard leaves it that much. */
  arriving(recordsPerSecond: number): void {
    this.#arriving = recordsPerSecond;
    this.#apply();
  }

  observe(sample: Sample): void {
    this.#window.observe(sample);
  }

  /** Resolves when a request of so much may be sent. */
  async take(documents: number, bytes: number, signal: AbortSignal): Promise<void> {
    await this.#pace.take(documents, bytes, signal);
    this.#sent += documents;
  }

  /** Documents sent so far, repeats included. */
  get sent(): number { return this.#sent; }

  limits(): Limits {
    const { most } = this.#options;
    const inFlight = Math.min(most.inFlight, Math.max(LEAST_IN_FLIGHT, Math.ceil(this.#window.size / most.operations)));
    return {
      operations: Math.max(1, Math.min(most.operations, Math.ceil(this.#window.size / inFlight), evenly(this.#share.documentsPerSecond))),
      bytes: Math.min(most.bytes, Math.max(LEAST_BATCH_BYTES, evenly(this.#share.bytesPerSecond))),
      inFlight,
    };
  }

  status(): RateStatus {
    return { window: this.#window.size, caps: this.#caps, share: this.#share, guard: this.#guarded, waiting: this.#pace.waiting };
  }

  get #guarded(): number | null {
    return this.#guard === null ? null : Math.max(this.#guard, this.#arriving * KEEPING_UP);
  }

  #apply(): void {
    if (this.#caps === null) return;
    const guarded = { ...NO_CAPS, documentsPerSecond: this.#guarded };
    const share = this.#shareOfHost(this.#caps);
    if (share === null) return;
    this.#share = tighter(share, guarded);
    this.#pace.set(this.#share);
  }

  /** Null while a cap is set and it is not known how many partitions there are to share it. */
  #shareOfHost(caps: Caps): Caps | null {
    if (caps.documentsPerSecond === null && caps.bytesPerSecond === null) return NO_CAPS;
    if (this.#partitions === null) return null;
    return shareOf(caps, this.#partitions.owned, this.#partitions.total * this.#options.lanes);
  }
}

/** What goes first after a stop is a whole batch. */
function evenly(perSecond: number | null): number {
  return perSecond === null || perSecond === 0 ? Number.POSITIVE_INFINITY : Math.floor(perSecond * BATCH_SECONDS);
}
