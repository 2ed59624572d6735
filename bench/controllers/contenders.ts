import { Window, type Sample } from '../../src/rate/window.ts';
import type { Controller } from '../../test/rate/simulated-cluster.ts';

/** As a lane has them: where a controller starts, and the most it may put in flight. */
const START = 1_000;
const MOST = 15_000;
const LEAST = 50;
const TARGET_MS = 2_000;

/** Those that are compared, by name. */
export const CONTENDERS: Readonly<Record<string, () => Controller>> = {
  window: () => new Window({ start: START, most: MOST, targetMs: TARGET_MS }),
  aimd: () => new Aimd(),
  gradient: () => new Gradient(),
  vegas: () => new Vegas(),
};

/** One cut per round trip: requests sent before the last one tell of what was before it. */
class Cuts {
  #at = Number.NEGATIVE_INFINITY;

  isNew({ sentAt, answeredAt }: Sample): boolean {
    if (sentAt < this.#at) return false;
    this.#at = answeredAt;
    return true;
  }
}

function bounded(size: number): number {
  return Math.min(MOST, Math.max(LEAST, size));
}

/** A fixed step for every window that was answered, half at every refusal or answer over the target. */
class Aimd implements Controller {
  static readonly #STEP = 500;
  #size = START;
  readonly #cuts = new Cuts();

  get size(): number { return this.#size; }

  observe(sample: Sample): void {
    const trouble = sample.refused > 0 || sample.answeredAt - sample.sentAt > TARGET_MS;
    if (trouble && this.#cuts.isNew(sample)) this.#size = bounded(this.#size / 2);
    if (!trouble) this.#size = bounded(this.#size + (Aimd.#STEP * sample.operations) / this.#size);
  }
}

/** Latency now against latency over a long time: while they are alike it grows by a little queue, when it rises it shrinks in proportion. */
class Gradient implements Controller {
  static readonly #TOLERANCE = 1.5;
  static readonly #SMOOTHING = 0.2;
  static readonly #LONG_SAMPLES = 600;
  static readonly #QUEUE = 400;
  #size = START;
  #longMs: number | null = null;
  readonly #cuts = new Cuts();

  get size(): number { return this.#size; }

  observe(sample: Sample): void {
    if (sample.refused > 0) {
      if (this.#cuts.isNew(sample)) this.#size = bounded(this.#size / 2);
      return;
    }
    const shortMs = Math.max(0.01, sample.answeredAt - sample.sentAt);
    const longMs = this.#longMs === null ? shortMs : this.#longMs + (shortMs - this.#longMs) / Gradient.#LONG_SAMPLES;
    this.#longMs = longMs / shortMs > 2 ? longMs * 0.95 : longMs; // back from a long slow time
    const gradient = Math.max(0.5, Math.min(1, (Gradient.#TOLERANCE * longMs) / shortMs));
    this.#size = bounded(this.#size + Gradient.#SMOOTHING * (this.#size * gradient + Gradient.#QUEUE - this.#size));
  }
}

/** Time of an operation now against the shortest ever seen: what is more is taken for waiting, and so much waiting is aimed at. */
class Vegas implements Controller {
  static readonly #FEW = 500;
  static readonly #MANY = 2_000;
  static readonly #PROBE_AFTER = 1_000;
  #size = START;
  #leastMs = Number.POSITIVE_INFINITY;
  #samples = 0;
  readonly #cuts = new Cuts();

  get size(): number { return this.#size; }

  observe(sample: Sample): void {
    if (sample.refused > 0) {
      if (this.#cuts.isNew(sample)) this.#size = bounded(this.#size / 2);
      return;
    }
    const ms = Math.max(0.01, sample.answeredAt - sample.sentAt) / sample.operations;
    if (this.#samples++ % Vegas.#PROBE_AFTER === 0) this.#leastMs = ms;
    this.#leastMs = Math.min(this.#leastMs, ms);
    const waiting = this.#size * (1 - this.#leastMs / ms);
    if (waiting < Vegas.#FEW) this.#size = bounded(this.#size * 1.05);
    if (waiting > Vegas.#MANY) this.#size = bounded(this.#size * 0.95);
  }
}
