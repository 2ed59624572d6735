import { createTransport } from 'nodemailer';
import { SluiceError, messageOf } from '../../domain/errors.ts';
import type { AlertChannel } from '../../ports/alert-channel.ts';
import { textOf, titleOf, type Wording } from './text.ts';

const TIMEOUT_MS = 8_000;
/** First digit of a permanent refusal in SMTP. */
const PERMANENT = 500;

export interface EmailSettings {
  readonly host: string;
  readonly port: number;
  /** implicit: TLS from the first byte. required: STARTTLS or nothing. none: in the clear. */
  readonly tls: 'implicit' | 'required' | 'none';
  /** PEM of the authorities to trust instead of the system's. */
  readonly ca?: string | undefined;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly from: string;
  readonly to: readonly string[];
  readonly wording?: Wording;
}

/** Mail over SMTP: one message a notification, in plain text. */
export function emailChannel({ host, port, tls, ca, username, password, from, to, wording }: EmailSettings): AlertChannel {
  const transport = createTransport({
    host, port, secure: tls === 'implicit', requireTLS: tls === 'required', ignoreTLS: tls === 'none',
    connectionTimeout: TIMEOUT_MS, greetingTimeout: TIMEOUT_MS, socketTimeout: TIMEOUT_MS,
    ...(ca === undefined ? {} : { tls: { ca } }),
    ...(username === undefined ? {} : { auth: { user: username, pass: password ?? '' } }),
    disableFileAccess: true, disableUrlAccess: true,
  });
  return {
    send: async (message, signal) => {
      const sent = transport.sendMail({ from, to: [...to], subject: oneLine(titleOf(message, wording)), text: textOf(message, wording), headers: { 'auto-submitted': 'auto-generated' } });
      sent.catch(() => undefined); // told by the race, or given up
      try {
        await Promise.race([sent, aborted(signal)]);
      } catch (error) {
        throw failureOf(error, host);
      }
    },
    close: async () => transport.close(),
  };
}

/** A subject is a header. */
function oneLine(title: string): string {
  return title.replaceAll(/\s+/g, ' ');
}

/** Rejects with the signal's reason when it fires: the transport knows no signals, only time-outs of its own. */
function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}

function failureOf(error: unknown, host: string): SluiceError {
  const status = Number((error as { responseCode?: number }).responseCode ?? 0);
  return new SluiceError(status >= PERMANENT ? 'CHANNEL_REFUSED' : 'CHANNEL_UNAVAILABLE', `${host} took no mail: ${messageOf(error)}`, { details: { status } });
}
