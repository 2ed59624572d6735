import type { Alert } from './alert.ts';

/** How a channel wants to be told. */
export interface ChannelPolicy {
  readonly name: string;
  /** A firing alert is told again after this time, ms. */
  readonly repeatMs: number;
  /** After a message on a group, further ones wait this long, ms, so that they come together. */
  readonly groupIntervalMs: number;
  /** Messages within a minute at most; the rest waits. */
  readonly perMinute: number;
  /** Least severe that is told. */
  readonly severity: Alert['severity'];
}

/** What is told in one message: the alerts of one rule. */
export interface Notification {
  readonly group: string;
  readonly alerts: readonly Alert[];
}

/** Messages that a channel was sent of late. */
export interface SentMessage {
  readonly group: string;
  readonly at: number;
}

const MINUTE_MS = 60_000;
const RANK = { critical: 2, warning: 1, info: 0 };

/**
 * What a channel is to be told now: new alerts, those to be repeated, and the end of those that it was told of. It follows
 * from what it was told, so nothing is told twice after a restart, and what could not be sent is simply still to be told.
 */
export function notificationsFor(channel: ChannelPolicy, alerts: readonly Alert[], sent: readonly SentMessage[], now: number): Notification[] {
  const due = alerts.filter((alert) => isDue(channel, alert, now));
  const room = channel.perMinute - sent.filter(({ at }) => now - at < MINUTE_MS).length;
  const groups = [...Map.groupBy(due, (alert) => alert.rule)]
    .map(([group, members]) => ({ group, alerts: members }))
    .filter(({ group }) => !sent.some((message) => message.group === group && now - message.at < channel.groupIntervalMs));
  return groups.sort((a, b) => urgency(b) - urgency(a)).slice(0, Math.max(0, room));
}

function isDue({ name, repeatMs, severity }: ChannelPolicy, alert: Alert, now: number): boolean {
  const told = alert.told[name];
  if (alert.state === 'resolved') return told?.state === 'firing';
  if (alert.state !== 'firing' || alert.hiddenBy !== null || RANK[alert.severity] < RANK[severity]) return false;
  // What nobody was told of and is about to end (its cause was told instead) is not worth waking anybody.
  return told === undefined ? alert.goodSince === null : now - told.at >= repeatMs;
}

function urgency({ alerts }: Notification): number {
  return Math.max(...alerts.map((alert) => RANK[alert.severity]));
}

/** The alert once a channel was told that it is in a state. */
export function toldTo(channel: string, alert: Alert, at: number, state = alert.state): Alert {
  return { ...alert, told: { ...alert.told, [channel]: { state: state === 'resolved' ? 'resolved' : 'firing', at } } };
}

/** Whether a resolved alert needs to be remembered: somebody is still to be told, or it was closed by hand and the condition stands. */
export function isRemembered(alert: Alert, channels: readonly string[], now: number, giveUpMs: number): boolean {
  if (alert.state !== 'resolved' || alert.muted) return true;
  const owed = channels.some((name) => alert.told[name]?.state === 'firing');
  return owed && now - (alert.resolvedAt ?? now) < giveUpMs;
}
