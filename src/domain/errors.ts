/**
 * The one error base: a stable `code` for programs, a sentence for people that says what to do, the cause beneath.
 * Expected outcomes are values elsewhere; what is thrown is a bug, a bad configuration or a lost connection.
 */
export type ErrorCode =
  | 'CONFIG_INVALID'
  | 'KAFKA_UNAVAILABLE'
  | 'KAFKA_FENCED'
  | 'KAFKA_RECORD_TOO_LARGE'
  | 'KAFKA_UNKNOWN_TOPIC'
  | 'KAFKA_REFUSED'
  | 'KAFKA_UNREADABLE'
  | 'ELASTICSEARCH_UNAVAILABLE'
  | 'ELASTICSEARCH_REFUSED'
  | 'OBJECT_STORE_UNAVAILABLE'
  | 'OBJECT_STORE_REFUSED'
  | 'LOOKUP_FAILED'
  | 'LOOKUP_TIMEOUT'
  | 'INPUT_INVALID'
  | 'CHANNEL_UNAVAILABLE'
  | 'CHANNEL_REFUSED'
  | 'QUERY_FAILED'
  | 'STACK_FAILED'
  | 'USAGE'
  | 'STOPPED'
  | 'BUG';

export class SluiceError extends Error {
  readonly code: ErrorCode;
  /** Facts for logs and machines; secrets are redacted at construction. */
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, options: { cause?: unknown; details?: Record<string, unknown> } = {}) {
    super(redactText(message), options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'SluiceError';
    this.code = code;
    this.details = redact(options.details ?? {}) as Record<string, unknown>;
  }
}

const SECRET_KEY = /pass(word|phrase)?|secret|token|api_?key|credential|authorization|private_?key|routing_?key|webhook_?url/i;
const URL_CREDENTIALS = /(\b[a-z][a-z0-9+.-]*:\/\/)[^\s/@:]+:[^\s/@]+@/gi;
const REDACTED = '[redacted]';

/** Hides user:password@ in addresses. */
export function redactText(text: string): string {
  return text.replace(URL_CREDENTIALS, `$1${REDACTED}@`);
}

/** A copy of `value` in which everything under a secret-looking key is replaced, at any depth. */
export function redact(value: unknown): unknown {
  if (typeof value === 'string') return redactText(value);
  if (Array.isArray(value)) return value.map(redact);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, isSecret(key, inner) ? REDACTED : redact(inner)]),
  );
}

/** Whether what stands under this key is not to be shown; the name of a file that holds a secret may be. */
export function isSecretKey(key: string): boolean {
  return SECRET_KEY.test(key) && !key.endsWith('File');
}

function isSecret(key: string, value: unknown): boolean {
  return isSecretKey(key) && value !== undefined && value !== null && typeof value !== 'boolean';
}

/** The message of anything thrown, with the innermost cause where that says more. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const inner = error.cause instanceof Error ? `: ${messageOf(error.cause)}` : '';
  return redactText(error.message + inner);
}
