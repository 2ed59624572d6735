import type { Labels, Severity } from '../rules/rule.ts';

/** pending: bad, but not for long enough. firing: told. resolved: over. */
export type AlertState = 'pending' | 'firing' | 'resolved';

/** One occurrence of a rule's condition for one subject. Times are epoch ms. */
export interface Alert {
  /** Of this occurrence. */
  readonly id: string;
  /** Rule and labels: the same for every occurrence. */
  readonly key: string;
  readonly rule: string;
  readonly severity: Severity;
  readonly labels: Labels;
  readonly state: AlertState;
  /** When the condition was first seen. */
  readonly since: number;
  readonly firedAt: number | null;
  readonly resolvedAt: number | null;
  /** Since when the condition is gone, while the alert still fires. */
  readonly goodSince: number | null;
  readonly value: number | null;
  readonly what: string;
  readonly meaning: string;
  readonly evidence: readonly string[];
  /** Why nobody is told: a silence, or another alert that explains it; null when it is told. */
  readonly hiddenBy: string | null;
  /** Who resolved it by hand. */
  readonly closedBy: string | null;
  /** Resolved by hand, and the condition still stands: it does not come back before that has been gone once. */
  readonly muted: boolean;
  /** What each channel was told last. */
  readonly told: Readonly<Record<string, Told>>;
}

export interface Told {
  readonly state: 'firing' | 'resolved';
  readonly at: number;
}

/** The same subject under the same rule gives the same key. */
export function keyOf(rule: string, labels: Labels): string {
  const told = Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  return `${rule}{${told.join(',')}}`;
}

export function isOpen(alert: Alert): boolean {
  return alert.state !== 'resolved';
}
