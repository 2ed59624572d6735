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
  /** Ms; null while nothing says that retention comes near. */
  readonly ms: number | null;
}

/**
 * How fast retention moves, records per ms. It removes whole segments now and then, but over time as much as is appended:
 * so that rate counts, once it has removed anything at all. What it removed itself counts where that was more, and more
 * than one segment: how often a single one goes is not known from a look at it.
 */
export function retentionRate(samples: readonly RangeSample[]): number {
  const first = samples[0];
  const last = samples.at(-1);
  if (first === undefined || last === undefined || last.earliest === 0 || last.time <= first.time) return 0;
  const span = last.time - first.time;
  const removed = removalsIn(samples) < 2 ? 0 : last.earliest - first.earliest;
  return Math.max(removed, last.latest - first.latest, 0) / span;
}

function removalsIn(samples: readonly RangeSample[]): number {
  return samples.filter(({ earliest }, at) => earliest > (samples[at - 1]?.earliest ?? earliest)).length;
}

/** Where a position stands: the first record that is still needed, and what is known of how records go. */
export interface Needed {
  readonly position: number;
  readonly earliest: number;
  /** Records per ms that retention removes; 0 while it removes nothing. */
  readonly rate: number;
  /** Age of the last record before the position, ms. */
  readonly ageMs: number;
  /** How long records are kept, ms; null where that is not known. */
  readonly retentionMs: number | null;
}

/**
 * How long until retention passes a position, by whichever comes sooner: the rate at which it removes, or the age that it
 * allows. Only the age tells anything before retention has removed its first segment, and that one may be needed already.
 */
export function retentionLeft({ position, earliest, rate, ageMs, retentionMs }: Needed): RetentionLeft {
  const records = Math.max(0, position - earliest);
  const lefts = [...(rate > 0 ? [records / rate] : []), ...(retentionMs === null ? [] : [Math.max(0, retentionMs - ageMs)])];
  return { records, ms: lefts.length === 0 ? null : Math.min(...lefts) };
}
