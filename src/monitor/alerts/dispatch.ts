import { SluiceError, messageOf } from '../../domain/errors.ts';
import type { AlertChannel, ToldAlert } from '../../ports/alert-channel.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Alert } from './alert.ts';
import { nameOf, notificationsFor, toldTo, type ChannelPolicy, type FailedMessage, type Notification, type SentMessage } from './notify.ts';

/** A message that is not taken within this time has failed, ms. */
const SEND_TIMEOUT_MS = 10_000;
/** The rule under which a monitor tells that it lives: whoever misses it (a dead-man's switch) knows that nobody watches. */
export const ALIVE = 'monitor-alive';
/** Messages remembered per channel for the rate and the group interval. */
const MAX_SENT = 1_000;
/** Messages that fail one after the other, after which a channel is given up until the next look. */
const MAX_FAILURES = 3;
/** After a failure a message rests, and a channel that gave no answer at all, ms; it doubles up to the longest. */
const FIRST_REST_MS = 2_000;
const LONGEST_REST_MS = 60_000;
/** What failed so long ago is forgotten, ms. */
const FORGET_FAILED_MS = 3_600_000;

export interface ChannelState {
  readonly policy: ChannelPolicy;
  readonly channel: AlertChannel;
  /** Whether it is told, again and again, that the monitor lives. */
  readonly heartbeat: boolean;
}

export interface DispatcherOptions {
  readonly channels: readonly ChannelState[];
  readonly installation: string;
  readonly runbook: (rule: string) => string | null;
  readonly clock: Clock;
  readonly onSent: (channel: string, result: 'ok' | 'failed', problem: string | null) => void;
}

interface Delivered { readonly channel: string; readonly id: string; readonly state: Alert['state']; readonly at: number }

/** Tells each channel what it is to be told. A channel that is slow or dead keeps no other waiting, nor the monitor. */
export class Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #sending = new Map<string, Promise<void>>();
  readonly #sent = new Map<string, SentMessage[]>();
  /** Of channels that took nothing. */
  readonly #rests = new Map<string, FailedMessage>();
  /** By channel, the messages that it did not take when they were tried last. */
  readonly #failed = new Map<string, Map<string, FailedMessage>>();
  readonly #delivered: Delivered[] = [];
  readonly #stop = new AbortController();
  #closing = false;

  constructor(options: DispatcherOptions) {
    this.#options = options;
  }

  get channels(): string[] { return this.#options.channels.map(({ policy }) => policy.name); }

  /** Begins to tell what is due; what was taken since the last call is noted in the alerts that are returned. */
  offer(alerts: readonly Alert[], now: number): Alert[] {
    const noted = this.#noted(alerts);
    for (const { policy, channel, heartbeat } of this.#options.channels) {
      if (this.#sending.has(policy.name) || now < (this.#rests.get(policy.name)?.until ?? 0)) continue;
      const sent = this.#sent.get(policy.name) ?? [];
      const failed = this.#failedOf(policy.name, now);
      const beats = heartbeat ? notificationsFor({ ...policy, severity: 'info', groupIntervalMs: policy.repeatMs }, [alive(now)], sent, now, failed) : [];
      const due = [...beats, ...notificationsFor(policy, noted, sent, now, failed)];
      if (due.length === 0) continue;
      this.#sending.set(policy.name, this.#tell(policy.name, channel, due).finally(() => this.#sending.delete(policy.name)));
    }
    return noted;
  }

  /** Waits for the messages that are under way, notes it, closes the channels. */
  async close(alerts: readonly Alert[]): Promise<Alert[]> {
    this.#closing = true;
    await Promise.allSettled(this.#sending.values());
    this.#stop.abort();
    await Promise.allSettled(this.#options.channels.map(({ channel }) => channel.close()));
    return this.#noted(alerts);
  }

  #noted(alerts: readonly Alert[]): Alert[] {
    const byId = Map.groupBy(this.#delivered.splice(0), (delivered) => delivered.id);
    return alerts.map((alert) => (byId.get(alert.id) ?? []).reduce((told, { channel, state, at }) => toldTo(channel, told, at, state), alert));
  }

  /** One message that is not taken keeps no other waiting, but a channel that takes none is not tried with all of them. */
  async #tell(name: string, channel: AlertChannel, due: readonly Notification[]): Promise<void> {
    let [answered, failures] = [false, 0];
    for (const notification of due) {
      const problem = await this.#send(channel, notification);
      if (problem === null) this.#took(name, notification);
      else this.#missed(name, notification, messageOf(problem));
      answered ||= problem === null || problem.code === 'CHANNEL_REFUSED';
      failures = problem === null ? 0 : failures + 1;
      if (failures >= MAX_FAILURES || this.#closing) break;
    }
    if (answered) this.#rests.delete(name);
    else this.#rests.set(name, restAfter(this.#rests.get(name), this.#options.clock.now()));
  }

  async #send(channel: AlertChannel, notification: Notification): Promise<SluiceError | null> {
    try {
      await channel.send(this.#message(notification), AbortSignal.any([this.#stop.signal, AbortSignal.timeout(SEND_TIMEOUT_MS)]));
      return null;
    } catch (error) {
      if (!(error instanceof SluiceError)) throw error;
      return error;
    }
  }

  #took(name: string, notification: Notification): void {
    const at = this.#options.clock.now();
    this.#failed.get(name)?.delete(nameOf(notification));
    this.#sent.set(name, [...(this.#sent.get(name) ?? []), { group: notification.group, at }].slice(-MAX_SENT));
    for (const { id, state } of notification.alerts) this.#delivered.push({ channel: name, id, state, at });
    this.#options.onSent(name, 'ok', null);
  }

  #missed(name: string, notification: Notification, problem: string): void {
    const failed = this.#failed.get(name) ?? new Map<string, FailedMessage>();
    this.#failed.set(name, failed.set(nameOf(notification), restAfter(failed.get(nameOf(notification)), this.#options.clock.now())));
    this.#options.onSent(name, 'failed', problem);
  }

  #failedOf(name: string, now: number): ReadonlyMap<string, FailedMessage> {
    const failed = this.#failed.get(name) ?? new Map<string, FailedMessage>();
    for (const [message, { until }] of failed) if (now - until > FORGET_FAILED_MS) failed.delete(message);
    return failed;
  }

  #message({ group, alerts }: Notification) {
    return { group, installation: this.#options.installation, at: this.#options.clock.now(), alerts: alerts.map((alert) => told(alert, this.#options.runbook(alert.rule))) };
  }
}

function restAfter(last: FailedMessage | undefined, now: number): FailedMessage {
  const ms = Math.min((last?.ms ?? FIRST_REST_MS / 2) * 2, LONGEST_REST_MS);
  return { until: now + ms, ms };
}

function alive(now: number): Alert {
  return {
    id: ALIVE, key: ALIVE, rule: ALIVE, severity: 'info', labels: {}, state: 'firing', since: now, firedAt: now, resolvedAt: null, goodSince: null, value: null,
    what: 'the monitor looks and tells', meaning: 'This fires as long as a monitor lives. Alert on its absence.', evidence: ['sluice alerts list'], hiddenBy: null, closedBy: null, muted: false, told: {},
  };
}

/** An alert as it is told. */
export function told(alert: Alert, runbook: string | null): ToldAlert {
  const { id, key, rule, severity, labels, since, resolvedAt, value, what, meaning, evidence } = alert;
  return { id, key, rule, severity, labels, since, resolvedAt, value, what, meaning, evidence, runbook, state: alert.state === 'resolved' ? 'resolved' : 'firing' };
}
