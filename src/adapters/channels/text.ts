import { filled } from '../../domain/alert-template.ts';
import type { AlertMessage, ToldAlert } from '../../ports/alert-channel.ts';

/** Alerts told in full; the rest is counted. */
const SHOWN_ALERTS = 10;

/** How a channel for people words what it tells; see `src/domain/alert-template.ts`. */
export interface Wording {
  readonly title: string;
  /** Of one alert. */
  readonly text: string;
}

/** One line: `FIRING lane-held: west-east (2 alerts)`; then everything that somebody woken at night needs. */
export const DEFAULT_WORDING: Wording = {
  title: '{installation}{state} {rule}: {subject}',
  text: '{severity} {subject}\n{what}\nsince {since}{over}\n{meaning}\n{evidence}\n{runbook}\nid: {id}',
};

/** The title of a message, one line. */
export function titleOf({ group, alerts, installation }: AlertMessage, { title } = DEFAULT_WORDING): string {
  const firing = alerts.filter((alert) => alert.state === 'firing').length;
  const [first] = alerts;
  return filled(title, {
    installation: installation === '' ? '' : `[${installation.replace(/\.$/, '')}] `,
    state: firing === 0 ? 'RESOLVED' : firing === alerts.length ? 'FIRING' : `FIRING ${firing}, RESOLVED ${alerts.length - firing}`,
    rule: group, count: String(alerts.length), subject: alerts.length === 1 ? subjectOf(first as ToldAlert) : `${alerts.length} alerts`,
  }, first?.labels);
}

/** The alerts of a message as plain text. */
export function textOf(message: AlertMessage, { text } = DEFAULT_WORDING): string {
  const shown = message.alerts.slice(0, SHOWN_ALERTS).map((alert) => alertText(alert, text));
  const rest = message.alerts.length - shown.length;
  return [...shown, ...(rest > 0 ? [`… and ${rest} more: sluice alerts list`] : [])].join('\n\n');
}

function alertText(alert: ToldAlert, template: string): string {
  const { state, severity, rule, what, meaning, since, resolvedAt, evidence, runbook, id, value, labels } = alert;
  const fires = state === 'firing';
  return filled(template, {
    state: state.toUpperCase(), severity: fires ? severity.toUpperCase() : 'RESOLVED', rule, subject: subjectOf(alert), what, id,
    since: new Date(since).toISOString(), over: resolvedAt === null ? '' : `, over since ${new Date(resolvedAt).toISOString()}`,
    meaning: fires ? meaning : '', evidence: fires ? evidence.map((line) => `look: ${line}`).join('\n') : '',
    runbook: runbook === null ? '' : `runbook: ${runbook}`, value: value === null ? '' : String(value),
  }, labels);
}

/** The labels, shortest way: `lane=west-east host=h1`. */
export function subjectOf({ labels }: ToldAlert): string {
  return Object.entries(labels).map(([name, value]) => `${name}=${value}`).join(' ') || 'everything';
}
