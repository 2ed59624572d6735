import type { AlertChannel, AlertMessage } from '../../ports/alert-channel.ts';
import { postJson } from './http.ts';
import { textOf, titleOf, type Wording } from './text.ts';

const COLORS = { critical: '#d92d20', warning: '#f79009', info: '#2e90fa' };
const RESOLVED = '#12b76a';
/** Slack cuts longer texts by itself, in the middle of a word. */
const MAX_TEXT = 7_000;

export interface SlackSettings {
  /** The address is the secret. */
  readonly webhookUrl: string;
  readonly receiver: string;
  readonly wording?: Wording;
}

/** An incoming webhook of Slack, or of what speaks like it (Mattermost, Rocket.Chat, …). */
export function slackChannel({ webhookUrl, receiver, wording }: SlackSettings): AlertChannel {
  return {
    send: (message, signal) => postJson({ url: webhookUrl, receiver, body: JSON.stringify(payloadOf(message, wording)) }, signal),
    close: async () => {},
  };
}

function payloadOf(message: AlertMessage, wording: Wording | undefined): object {
  const title = escaped(titleOf(message, wording));
  return { text: title, attachments: [{ color: colorOf(message), fallback: title, text: escaped(textOf(message, wording).slice(0, MAX_TEXT)), ts: Math.floor(message.at / 1_000) }] };
}

function colorOf({ alerts }: AlertMessage): string {
  const firing = alerts.filter((alert) => alert.state === 'firing').map((alert) => alert.severity);
  const worst = (['critical', 'warning', 'info'] as const).find((severity) => firing.includes(severity));
  return worst === undefined ? RESOLVED : COLORS[worst];
}

/** A label must not become a link or call the whole channel. */
function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
