import { SluiceError, messageOf } from '../../domain/errors.ts';

/** Statuses that say "later", not "no". */
const TRY_LATER = new Set([408, 425, 429, 500, 502, 503, 504]);
const SHOWN_BODY = 200;

export interface Post {
  readonly url: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Told in errors instead of the address, which may be a secret. */
  readonly receiver: string;
}

/** Posts JSON. Rejects with `CHANNEL_UNAVAILABLE` where trying later may help, else with `CHANNEL_REFUSED`. Redirects are refused: a signed or secret request goes nowhere else. */
export async function postJson({ url, body, headers = {}, receiver }: Post, signal: AbortSignal): Promise<void> {
  let response: Response;
  try {
    response = await fetch(url, { method: 'POST', body, headers: { 'content-type': 'application/json', ...headers }, redirect: 'manual', signal });
  } catch (error) {
    throw new SluiceError('CHANNEL_UNAVAILABLE', `${receiver} gave no answer: ${messageOf(error)}`);
  }
  const text = await response.text().catch(() => '');
  if (response.ok) return;
  const code = TRY_LATER.has(response.status) ? 'CHANNEL_UNAVAILABLE' : 'CHANNEL_REFUSED';
  throw new SluiceError(code, `${receiver} answered ${response.status}: ${text.slice(0, SHOWN_BODY)}`, { details: { status: response.status } });
}
