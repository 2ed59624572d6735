import type { History } from '../observe/history.ts';

export type Severity = 'critical' | 'warning' | 'info';

/** bad: over the threshold. between: under it, but not yet clearly well. unknown: could not be asked. */
export type Level = 'bad' | 'between' | 'good' | 'unknown';

export type Labels = Readonly<Record<string, string>>;

/**
 * What a rule says of one subject (a lane, a host, a region, …), which its labels name. An unknown one speaks for every
 * subject that has its labels and is not named itself.
 */
export interface Finding {
  readonly labels: Labels;
  readonly level: Level;
  /** The figure that was compared, in the unit that `what` tells; null where there is none. */
  readonly value: number | null;
  /** One sentence: what is the case, with figures. */
  readonly what: string;
  /** Commands and queries that show it. */
  readonly evidence: readonly string[];
}

/** Judges a history of observations. Pure: the same history gives the same findings. */
export interface Rule {
  /** Lower case, digits, dashes; also the anchor in docs/runbook.md. */
  readonly name: string;
  readonly severity: Severity;
  /** How long it has to be bad before it fires, ms; 0: at once. */
  readonly forMs: number;
  /** How long it has to be good before it is resolved, ms. */
  readonly keepMs: number;
  /** What it means, and what to do. */
  readonly meaning: string;
  examine(history: History): readonly Finding[];
}

/** Says that nothing can be said of any subject that has these labels. */
export function unknown(labels: Labels, what: string): Finding {
  return { labels, level: 'unknown', value: null, what, evidence: [] };
}

/** A figure against a threshold: it fires above `above` and is well again at or below `until` (default: 80 % of that). */
export function levelOf(value: number | null, above: number, until = above * 0.8): Level {
  if (value === null) return 'unknown';
  if (value > above) return 'bad';
  return value > until ? 'between' : 'good';
}
