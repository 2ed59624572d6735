import type { AlertMessage, ToldAlert } from '../../ports/alert-channel.ts';

/** Alerts told in full; the rest is counted. */
const SHOWN_ALERTS = 10;

/** One line: `FIRING lane-held: west-east (2 alerts)`. */
export function titleOf({ group, alerts, installation }: AlertMessage): string {
  const firing = alerts.filter((alert) => alert.state === 'firing').length;
  const state = firing === 0 ? 'RESOLVED' : firing === alerts.length ? 'FIRING' : `FIRING ${firing}, RESOLVED ${alerts.length - firing}`;
  const where = installation === '' ? '' : `[${installation.replace(/\.$/, '')}] `;
  const more = alerts.length === 1 ? subjectOf(alerts[0] as ToldAlert) : `${alerts.length} alerts`;
  return `${where}${state} ${group}: ${more}`;
}

/** Plain text with everything that somebody woken at night needs. */
export function textOf(message: AlertMessage): string {
  const shown = message.alerts.slice(0, SHOWN_ALERTS).map(alertText);
  const rest = message.alerts.length - shown.length;
  return [...shown, ...(rest > 0 ? [`… and ${rest} more: sluice alerts list`] : [])].join('\n\n');
}

function alertText(alert: ToldAlert): string {
  const { state, severity, what, meaning, since, resolvedAt, evidence, runbook, id } = alert;
  const over = resolvedAt === null ? '' : `, over since ${new Date(resolvedAt).toISOString()}`;
  return [
    `${state === 'firing' ? severity.toUpperCase() : 'RESOLVED'} ${subjectOf(alert)}`,
    what, `since ${new Date(since).toISOString()}${over}`,
    ...(state === 'firing' ? [meaning, ...evidence.map((line) => `look: ${line}`)] : []),
    ...(runbook === null ? [] : [`runbook: ${runbook}`]), `id: ${id}`,
  ].join('\n');
}

/** The labels, shortest way: `lane=west-east host=h1`. */
export function subjectOf({ labels }: ToldAlert): string {
  return Object.entries(labels).map(([name, value]) => `${name}=${value}`).join(' ') || 'everything';
}
