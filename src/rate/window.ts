/** What became of one request, as the window sees it; times are monotonic, ms. */
export interface Sample {
  readonly sentAt: number;
  readonly answeredAt: number;
  readonly operations: number;
  /** Operations that the cluster could not take: item by item, or all of them where it refused the request. */
  readonly refused: number;
  /** Whether the window, not the input, decided how large the request was. */
  readonly limited: boolean;
}

export interface WindowOptions {
  /** Operations in flight at the beginning. */
  readonly start: number;
  readonly most: number;
  /** A request that takes longer is a sign of overload, ms. */
  readonly targetMs: number;
}

/** Fewest operations in flight: below it a request costs more than what it carries. */
const LEAST = 50;
/** What is left of the window after a refusal, and after a request that took too long. */
const REFUSED_FACTOR = 0.5;
const SLOW_FACTOR = 0.8;
/** Growth per round: doubling up to half of what was refused last, then careful. */
const FAST_GROWTH = 2;
const GROWTH = 1.25;
/** A round is over when the window was answered so many times. */
const WINDOWS_PER_ROUND = 2;
/** Growth must bring so much more throughput, or else … */
const WORTHWHILE = 1.03;
/** … after so many rounds in a row it is taken back, and tried again after this time, ms. */
const VAIN_ROUNDS = 2;
const RETRY_AFTER_MS = 30_000;
/** After a cut nothing grows for this time, ms. */
const COOL_MS = 1_000;
/** What was refused is not tried again for this time, ms; until then so much of it is the most. */
const REFUSED_FOR_MS = 30_000;
const BELOW_REFUSED = 0.8;

interface Round { startedAt: number; operations: number }

/**
 * How many operations may be in flight to a cluster. Starts small and grows while throughput rises; a refusal halves it, a
 * slow answer cuts it, once per round trip. What is refused inside a 200 counts like a refused request. It grows by a
 * factor: a fixed step would be too much for a small cluster and too little for a large one. Time alone (a block of an
 * hour) changes nothing.
 */
export class Window {
  readonly #options: WindowOptions;
  #size: number;
  /** Up to here it grows fast. */
  #threshold: number;
  /** The size before the present trouble, which began when something was cut after all had gone well. */
  #before: number;
  /** Whether anything went well since the last cut: a series of cuts is one trouble, and lowers the threshold once. */
  #calm = true;
  #round: Round | null = null;
  /** The size and throughput (operations per ms) that growth is measured against. */
  #proven: { size: number; throughput: number } | null = null;
  #vain = 0;
  #growsAgainAt = 0;
  #cutAt = Number.NEGATIVE_INFINITY;
  /** The most while a refusal is remembered. */
  #ceiling: { size: number; until: number } | null = null;

  constructor(options: WindowOptions) {
    this.#options = options;
    this.#size = Math.min(options.most, Math.max(LEAST, options.start));
    this.#threshold = options.most;
    this.#before = this.#size;
  }

  /** Operations that may be in flight. */
  get size(): number { return Math.round(this.#size); }

  observe(sample: Sample): void {
    if (sample.refused > 0) return this.#cut(sample, REFUSED_FACTOR);
    if (sample.answeredAt - sample.sentAt > this.#options.targetMs) return this.#cut(sample, SLOW_FACTOR);
    if (sample.sentAt >= this.#cutAt) this.#calm = true;
    if (sample.limited) this.#grow(sample);
    else this.#round = null; // input is scarce: throughput says nothing about the cluster
  }

  /** Requests sent before the last cut tell of the window before it. */
  #cut(sample: Sample, factor: number): void {
    if (sample.sentAt < this.#cutAt) return;
    if (this.#calm) this.#before = this.#size;
    const blocked = this.#size === LEAST; // where even the least is refused, refusals say nothing about the size
    this.#size = Math.max(LEAST, this.#size * factor);
    if (this.#calm) this.#threshold = this.#size;
    if (blocked) this.#threshold = this.#before;
    if (sample.refused > 0) this.#remember(sample.answeredAt, blocked);
    this.#calm = false;
    this.#cutAt = sample.answeredAt;
    this.#growsAgainAt = sample.answeredAt + COOL_MS;
    this.#proven = null;
    this.#vain = 0;
    this.#round = null;
  }

  /** Only a trouble that began with a refusal tells how much is too much; a block tells nothing. */
  #remember(now: number, blocked: boolean): void {
    if (blocked) this.#ceiling = null;
    else if (this.#calm) this.#ceiling = { size: Math.max(LEAST, this.#before * BELOW_REFUSED), until: now + REFUSED_FOR_MS };
  }

  #grow(sample: Sample): void {
    this.#round ??= { startedAt: sample.sentAt, operations: 0 };
    this.#round.operations += sample.operations;
    if (this.#round.operations < WINDOWS_PER_ROUND * this.#size) return;
    const throughput = this.#round.operations / Math.max(1, sample.answeredAt - this.#round.startedAt);
    this.#round = null;
    if (sample.answeredAt >= this.#growsAgainAt) this.#judge(throughput, sample.answeredAt);
  }

  #judge(throughput: number, now: number): void {
    const proven = this.#proven;
    if (proven === null || throughput >= proven.throughput * WORTHWHILE) {
      this.#proven = { size: this.#size, throughput };
      this.#vain = 0;
    } else if (++this.#vain >= VAIN_ROUNDS) {
      this.#size = proven.size;
      this.#threshold = proven.size;
      this.#proven = null;
      this.#vain = 0;
      this.#growsAgainAt = now + RETRY_AFTER_MS;
      return;
    }
    const growth = this.#size < this.#threshold ? Math.min(FAST_GROWTH, Math.max(GROWTH, this.#threshold / this.#size)) : GROWTH;
    const most = this.#ceiling !== null && now < this.#ceiling.until ? this.#ceiling.size : this.#options.most;
    this.#size = Math.max(this.#size, Math.min(most, this.#size * growth));
  }
}
