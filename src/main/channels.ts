import type { Logger } from 'pino';
import { alertmanagerChannel } from '../adapters/channels/alertmanager.ts';
import { emailChannel } from '../adapters/channels/email.ts';
import { pagerDutyChannel } from '../adapters/channels/pagerduty.ts';
import { slackChannel } from '../adapters/channels/slack.ts';
import { DEFAULT_WORDING, type Wording } from '../adapters/channels/text.ts';
import { topicChannel } from '../adapters/channels/topic.ts';
import { webhookChannel } from '../adapters/channels/webhook.ts';
import { read, secretOf } from '../config/resolve.ts';
import type { Config } from '../config/schema.ts';
import type { ChannelState } from '../monitor/alerts/dispatch.ts';
import type { ChannelPolicy } from '../monitor/alerts/notify.ts';
import type { AlertChannel } from '../ports/alert-channel.ts';
import { openRegionLog } from './connections.ts';

/** Alertmanager ends an alert that was not told again for so many times its interval. */
const EXPIRE_FACTOR = 4;

/** Every channel of the configuration; nothing is sent before the first use. Throws CONFIG_INVALID where a secret's file cannot be read. */
export function openChannels(config: Config, log: Logger): ChannelState[] {
  const { alertmanager, webhook, slack, pagerduty, email, kafka } = config.monitor.channels;
  return [
    ...each(alertmanager, (one, receiver) => alertmanagerChannel({ url: one.url, expireMs: EXPIRE_FACTOR * one.repeatMs, receiver }), { heartbeat: true }),
    ...each(webhook, (one, receiver) => webhookChannel({ url: one.url, secret: secretOf(one.secret, one.secretFile) ?? null, receiver })),
    ...each(slack, (one, receiver) => slackChannel({ webhookUrl: secretOf(one.webhookUrl, one.webhookUrlFile) ?? '', receiver, wording: wordingOf(one) })),
    // Each alert is a request of its own there.
    ...each(pagerduty, (one, receiver) => pagerDutyChannel({ url: one.url, routingKey: secretOf(one.routingKey, one.routingKeyFile) ?? '', receiver }), { perMessage: 1 }),
    ...each(email, (one) => emailChannel({ ...one, wording: wordingOf(one), ca: one.caFile === undefined ? undefined : read(one.caFile).toString('utf8'), password: secretOf(one.password, one.passwordFile) })),
    ...each(kafka, (one) => topicChannel(openRegionLog(config, one.region, log), { name: config.prefix + one.topic, partitions: 1, replicas: config.topics.replicas })),
  ];
}

function wordingOf({ title = DEFAULT_WORDING.title, text = DEFAULT_WORDING.text }: { readonly title?: string | undefined; readonly text?: string | undefined }): Wording {
  return { title, text };
}

function each<Settings extends Omit<ChannelPolicy, 'name'>>(kind: Readonly<Record<string, Settings>>, open: (settings: Settings, receiver: string) => AlertChannel, { heartbeat = false, ...how }: Pick<ChannelPolicy, 'perMessage'> & { readonly heartbeat?: boolean } = {}): ChannelState[] {
  return Object.entries(kind).map(([name, settings]) => {
    const { severity, repeatMs, groupIntervalMs, perMinute } = settings;
    return { channel: open(settings, `channel ${name}`), policy: { name, severity, repeatMs, groupIntervalMs, perMinute, ...how }, heartbeat };
  });
}

/** Where a rule is explained; null where the configuration names no page. */
export function runbookOf(config: Config): (rule: string) => string | null {
  const page = config.monitor.runbook;
  return (rule) => (page === undefined ? null : `${page}#${rule}`);
}
