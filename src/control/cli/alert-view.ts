import type { Alert } from '../../monitor/alerts/alert.ts';
import type { Silence } from '../../monitor/alerts/silence.ts';
import { colors } from './colors.ts';
import { ageText } from './lane-report.ts';
import { table } from './table.ts';

const SHOWN = 90;
const PAINT = { critical: colors.red, warning: colors.yellow, info: colors.blue };

/** The alerts as a table, and the silences in force; `now` in epoch ms. */
export function alertsView(alerts: readonly Alert[], silences: readonly Silence[], now: number): string {
  const rows = alerts.map(({ id, severity, state, rule, labels, since, what, hiddenBy }) => [id, severity, hiddenBy === null ? state : `${state}, hidden`, rule, subject(labels), ageText(now - since), what.length > SHOWN ? `${what.slice(0, SHOWN)}…` : what]);
  return [
    alerts.length === 0 ? 'nothing is wrong' : table(['id', 'severity', 'state', 'rule', 'about', 'for', 'what'], rows),
    ...(silences.length === 0 ? [] : ['', table(['silence', 'matches', 'by', 'until', 'reason'], silences.map(({ id, matchers, by, until, reason }) => [id, matchers.map(({ label, value }) => `${label}=${value}`).join(' '), by, new Date(until).toISOString(), reason]))]),
  ].join('\n');
}

/** One alert, whole. */
export function alertView(alert: Alert): string {
  const { id, rule, severity, state, labels, since, firedAt, resolvedAt, what, meaning, evidence, hiddenBy, closedBy, told } = alert;
  const iso = (at: number | null) => (at === null ? null : new Date(at).toISOString());
  const facts: readonly (readonly [string, string | null])[] = [
    ['about', subject(labels)], ['state', state], ['since', iso(since)], ['fired', iso(firedAt)], ['resolved', iso(resolvedAt)], ['closed by', closedBy], ['hidden by', hiddenBy],
    ...Object.entries(told).map(([channel, { state: last, at }]) => [`told ${channel}`, `${last} at ${iso(at)}`] as const),
  ];
  return [
    `${PAINT[severity](severity.toUpperCase())} ${colors.bold(rule)} (${id})`, what, '',
    ...facts.flatMap(([name, value]) => (value === null ? [] : [`${name}: ${value}`])), '',
    meaning, ...evidence.map((line) => `look: ${line}`), `runbook: docs/runbook.md#${rule}`,
  ].join('\n');
}

function subject(labels: Alert['labels']): string {
  return Object.entries(labels).map(([name, value]) => `${name}=${value}`).join(' ');
}
