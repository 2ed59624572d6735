import type { AlertChannel, ToldAlert } from '../../ports/alert-channel.ts';
import { createHash } from 'node:crypto';
import { postJson } from './http.ts';
import { subjectOf } from './text.ts';

/** Longest summary that the API takes. */
const MAX_SUMMARY = 1_024;

export interface PagerDutySettings {
  readonly url: string;
  readonly routingKey: string;
  readonly receiver: string;
}

/** PagerDuty's Events API v2: one event an alert, one incident a key, closed by the resolving event. */
export function pagerDutyChannel({ url, routingKey, receiver }: PagerDutySettings): AlertChannel {
  return {
    send: async ({ alerts, installation }, signal) => {
      for (const alert of alerts) await postJson({ url, receiver, body: JSON.stringify({ routing_key: routingKey, client: 'Sluice', ...eventOf(alert, installation) }) }, signal);
    },
    close: async () => {},
  };
}

function eventOf(alert: ToldAlert, installation: string): object {
  // Keys of any length and content: the API takes 255 characters.
  const dedupKey = createHash('sha256').update(`${installation}\0${alert.key}`).digest('hex');
  if (alert.state === 'resolved') return { event_action: 'resolve', dedup_key: dedupKey };
  const { rule, severity, what, meaning, evidence, labels, since, value, runbook, id } = alert;
  return {
    event_action: 'trigger', dedup_key: dedupKey,
    payload: {
      summary: `${rule} ${subjectOf(alert)}: ${what}`.slice(0, MAX_SUMMARY), severity, source: labels['host'] ?? labels['lane'] ?? labels['region'] ?? 'sluice',
      component: 'sluice', group: labels['lane'] ?? labels['region'] ?? installation, class: rule, timestamp: new Date(since).toISOString(),
      custom_details: { ...labels, value, meaning, evidence, id },
    },
    ...(runbook === null ? {} : { links: [{ href: runbook, text: 'runbook' }] }),
  };
}
