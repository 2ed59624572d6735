/** One look at a partition. */
export interface RangeSample {
  /** Monotonic, ms. */
  readonly time: number;
  readonly earliest: number;
  readonly latest: number;
}

/** How far retention is from a position. */
export interface RetentionLeft {
  /** Records between the earliest one still there and the position; 0 when retention has passed it. */
  readonly records: number;
  /** At the present rate, ms; null while retention removes nothing. */
  readonly ms: number | null;
}

/**
 * How fast retention moves, records per ms. It removes whole segments now and then, but over time as much as is appended:
 * so the larger of both rates counts, once it has removed anything at all.
 */
export function retentionRate(samples: readonly RangeSample[]): number {
  const first = samples[0];
  const last = samples.at(-1);
  if (first === undefined || last === undefined || last.earliest === 0 || last.time <= first.time) return 0;
  const span = last.time - first.time;
  return Math.max(last.earliest - first.earliest, last.latest - first.latest, 0) / span;
}

/** How long until retention passes a position, at a rate in records per ms. */
export function retentionLeft(position: number, earliest: number, rate: number): RetentionLeft {
  const records = Math.max(0, position - earliest);
  return { records, ms: rate > 0 ? records / rate : null };
}
