import { createHmac, randomUUID } from 'node:crypto';
import type { AlertChannel } from '../../ports/alert-channel.ts';
import { postJson } from './http.ts';

export interface WebhookSettings {
  readonly url: string;
  /** Signs each message; null sends it unsigned. */
  readonly secret: string | null;
  readonly receiver: string;
}

/**
 * The message as JSON, to anybody's address. Signed as the Standard Webhooks specification has it: HMAC-SHA256 of
 * `id.timestamp.body` in `webhook-signature`, so that a receiver can refuse what is forged or replayed.
 */
export function webhookChannel({ url, secret, receiver }: WebhookSettings): AlertChannel {
  return {
    send: (message, signal) => {
      const body = JSON.stringify({ ...message, at: new Date(message.at).toISOString(), version: 1 });
      return postJson({ url, receiver, body, headers: headersOf(secret, body, message.at) }, signal);
    },
    close: async () => {},
  };
}

function headersOf(secret: string | null, body: string, at: number): Record<string, string> {
  const [id, timestamp] = [randomUUID(), String(Math.floor(at / 1_000))];
  const signature = secret === null ? {} : { 'webhook-signature': `v1,${createHmac('sha256', secret).update(`${id}.${timestamp}.${body}`).digest('base64')}` };
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, ...signature };
}
