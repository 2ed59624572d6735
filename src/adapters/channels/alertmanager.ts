import type { AlertChannel, ToldAlert } from '../../ports/alert-channel.ts';
import { postJson } from './http.ts';

export interface AlertmanagerSettings {
  /** Base address, such as http://alertmanager:9093. */
  readonly url: string;
  /** An alert that is not told again within this time ends by itself, ms. */
  readonly expireMs: number;
  readonly receiver: string;
}

/** Alertmanager, by the second version of its API: it routes, groups and silences once more, by its own rules. */
export function alertmanagerChannel({ url, expireMs, receiver }: AlertmanagerSettings): AlertChannel {
  const address = `${url.replace(/\/$/, '')}/api/v2/alerts`;
  return {
    send: ({ alerts, at, installation }, signal) => postJson({ url: address, receiver, body: JSON.stringify(alerts.map((alert) => postable(alert, installation, at + expireMs))) }, signal),
    close: async () => {},
  };
}

function postable({ rule, severity, state, labels, since, resolvedAt, what, meaning, evidence, runbook, value, id }: ToldAlert, installation: string, expires: number): object {
  return {
    labels: { alertname: rule, severity, service: 'sluice', ...(installation === '' ? {} : { installation }), ...labels },
    annotations: { summary: what, description: meaning, evidence: evidence.join('\n'), id, ...(value === null ? {} : { value: String(value) }), ...(runbook === null ? {} : { runbook_url: runbook }) },
    startsAt: new Date(since).toISOString(),
    endsAt: new Date(state === 'resolved' ? resolvedAt ?? since : expires).toISOString(),
    ...(runbook === null ? {} : { generatorURL: runbook }),
  };
}
