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
  /** Alerts that one message holds at most; absent: all of a rule. */
  readonly perMessage?: number;
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

/** A message that was not taken when it was tried last: until when it is not tried again. */
export interface FailedMessage {
  readonly until: number;
  readonly ms: number;
}

const MINUTE_MS = 60_000;
const RANK = { critical: 2, warning: 1, info: 0 };

/**
 * What a channel is to be told now: new alerts, those to be repeated, and the end of those that it was told of. It follows
 * from what it was told, so nothing is told twice after a restart, and what could not be sent is simply still to be told:
 * after a while, and behind everything else, so that what is never taken keeps nothing waiting. `failed` by `nameOf`.
 */
export function notificationsFor(channel: ChannelPolicy, alerts: readonly Alert[], sent: readonly SentMessage[], now: number, failed: ReadonlyMap<string, FailedMessage> = new Map()): Notification[] {
  const due = alerts.filter((alert) => isDue(channel, alert, now));
  const room = channel.perMinute - sent.filter(({ at }) => now - at < MINUTE_MS).length;
  const groups = [...Map.groupBy(due, (alert) => alert.rule)]
    .filter(([group]) => !sent.some((message) => message.group === group && now - message.at < channel.groupIntervalMs))
    .flatMap(([group, members]) => piecesOf(members, channel.perMessage ?? members.length).map((piece) => ({ group, alerts: piece })))
    .filter((notification) => now >= (failed.get(nameOf(notification))?.until ?? 0));
  const failedLast = (notification: Notification) => Number(failed.has(nameOf(notification)));
  return groups.sort((a, b) => failedLast(a) - failedLast(b) || urgency(b) - urgency(a)).slice(0, Math.max(0, room));
}

/** Tells messages of one group apart. */
export function nameOf({ group, alerts }: Notification): string {
  return `${group} ${alerts[0]?.id}`;
}

function piecesOf(alerts: readonly Alert[], size: number): Alert[][] {
  return Array.from({ length: Math.ceil(alerts.length / size) }, (_, at) => alerts.slice(at * size, (at + 1) * size));
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
