import { createHash } from 'node:crypto';
import type { Finding, Rule } from '../rules/rule.ts';
import { keyOf, type Alert } from './alert.ts';

/** Open alerts at most: what comes beyond is not opened, and counted. */
export const MAX_OPEN_ALERTS = 1_000;
const ID_LENGTH = 20;

/** What a rule said; null where it broke, which says nothing of its subjects. */
export interface Examined {
  readonly rule: Rule;
  readonly findings: readonly Finding[] | null;
}

export interface Advanced {
  readonly alerts: readonly Alert[];
  /** Conditions for which there was no room. */
  readonly refused: number;
}

/**
 * The alerts after one look: pending → firing when it was bad for long enough, firing → resolved when it was good for long
 * enough, pending → resolved as soon as it is not bad: it is written down, and must be so once more to be over. What is
 * unknown changes nothing. A subject that is no longer there counts as good, a rule that is gone resolves.
 */
export function advance(alerts: readonly Alert[], examined: readonly Examined[], now: number): Advanced {
  const next = new Map<string, Alert>();
  const subjects = subjectsOf(examined);
  for (const alert of alerts) keep(next, moved(alert, examined, subjects.get(alert.key)?.finding ?? unknownOf(alert, examined), now));
  let refused = 0;
  for (const [key, { rule, finding }] of subjects) {
    if (finding.level !== 'bad' || next.has(key)) continue;
    if (next.size >= MAX_OPEN_ALERTS) refused += 1;
    else next.set(key, opened(key, rule, finding, now));
  }
  return { alerts: [...next.values()], refused };
}

/** One alert a key: an open occurrence goes before one that is over. */
function keep(next: Map<string, Alert>, alert: Alert): void {
  next.set(alert.state === 'resolved' && !alert.muted ? alert.id : alert.key, alert);
}

function subjectsOf(examined: readonly Examined[]): Map<string, { rule: Rule; finding: Finding }> {
  return new Map(examined.flatMap(({ rule, findings }) => (findings ?? []).map((finding) => [keyOf(rule.name, finding.labels), { rule, finding }] as const)));
}

/** An unknown finding that speaks for the alert's subject. */
function unknownOf(alert: Alert, examined: readonly Examined[]): Finding | undefined {
  const findings = examined.find(({ rule }) => rule.name === alert.rule)?.findings ?? [];
  return findings.find(({ level, labels }) => level === 'unknown' && Object.entries(labels).every(([name, value]) => alert.labels[name] === value));
}

function moved(alert: Alert, examined: readonly Examined[], finding: Finding | undefined, now: number): Alert {
  const from = examined.find(({ rule }) => rule.name === alert.rule);
  if (from?.findings === null) return alert;
  const level = finding?.level ?? 'good';
  if (alert.state === 'resolved') return alert.muted && level === 'good' ? { ...alert, muted: false } : alert;
  if (level === 'unknown') return alert;
  const told = finding === undefined || level === 'good' ? alert : { ...alert, value: finding.value, what: finding.what, evidence: finding.evidence };
  if (alert.state === 'pending') return level === 'bad' ? fired(told, from?.rule.forMs ?? 0, now) : { ...told, state: 'resolved', resolvedAt: now };
  return level === 'good' ? settled(told, from?.rule.keepMs ?? 0, now) : { ...told, goodSince: null };
}

function opened(key: string, rule: Rule, { labels, value, what, evidence }: Finding, now: number): Alert {
  const id = createHash('sha256').update(`${key}@${now}`).digest('hex').slice(0, ID_LENGTH);
  const alert: Alert = {
    id, key, rule: rule.name, severity: rule.severity, labels, state: 'pending', since: now, firedAt: null, resolvedAt: null, goodSince: null,
    value, what, meaning: rule.meaning, evidence, hiddenBy: null, closedBy: null, muted: false, told: {},
  };
  return fired(alert, rule.forMs, now);
}

function fired(alert: Alert, forMs: number, now: number): Alert {
  return now - alert.since >= forMs ? { ...alert, state: 'firing', firedAt: now } : alert;
}

function settled(alert: Alert, keepMs: number, now: number): Alert {
  const goodSince = alert.goodSince ?? now;
  return now - goodSince >= keepMs ? { ...alert, goodSince, state: 'resolved', resolvedAt: now } : { ...alert, goodSince };
}
