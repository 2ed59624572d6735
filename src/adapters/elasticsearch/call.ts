import { errors, type Client } from '@elastic/elasticsearch';
import { SluiceError } from '../../domain/errors.ts';
import type { Json, SearchAdmin, SearchReader } from '../../ports/search-index.ts';
import { decoded, readAll } from './bulk.ts';
import { beginDeadline, type GivenUp } from './deadline.ts';
import { ADMIN_RETRIES } from './settings.ts';

type CallParameters = Parameters<SearchAdmin['call']>;
type Method = CallParameters[0];
type CallOptions = NonNullable<CallParameters[3]>;
type ReadOptions = NonNullable<Parameters<SearchReader['read']>[2]>;

/** Statuses that say "later", not "no". */
const TRY_LATER = new Set([429, 502, 503, 504]);

/**
 * Any JSON call; a string body is sent as NDJSON. A call that is idempotent by its verb is repeated when a node does not
 * answer, within the deadline. A HEAD answers 404 without rejecting.
 */
export async function callJson(client: Client, defaultTimeoutMs: number, method: Method, path: string, body?: Json | string, options: CallOptions = {}): Promise<{ status: number; body: Json }> {
  const deadline = beginDeadline(options.timeoutMs ?? defaultTimeoutMs, options.signal);
  try {
    const result = await client.transport.request<unknown>(
      { method, path, ...bodyOf(body) },
      { meta: true, signal: deadline.signal, maxRetries: method === 'POST' ? 0 : ADMIN_RETRIES, ignore: [...(options.okStatuses ?? [])] },
    );
    return { status: result.statusCode, body: jsonOf(result.body) };
  } catch (error) {
    throw failureOf(error, method, path, deadline.givenUp());
  } finally {
    deadline.end();
  }
}

function bodyOf(body: Json | string | undefined): { body?: Json; bulkBody?: string } {
  if (body === undefined) return {};
  return typeof body === 'string' ? { bulkBody: body } : { body };
}

function jsonOf(body: unknown): Json {
  if (typeof body === 'object' && body !== null) return body as Json;
  return typeof body === 'string' && body !== '' ? { text: body } : {};
}

function failureOf(error: unknown, method: Method, path: string, givenUp: GivenUp | null): unknown {
  if (error instanceof errors.ResponseError) return refusalOf(error, method, path);
  if (!(error instanceof errors.ElasticsearchClientError)) return error;
  const reason = givenUp === null ? error.message : `given up (${givenUp})`;
  return new SluiceError('ELASTICSEARCH_UNAVAILABLE', `Elasticsearch gave no answer to ${method} ${path}: ${reason}`, { details: { method, path, cause: givenUp ?? 'connection' } });
}

/** Asks by POST and hands the answer over unread; compressed on the way, since such answers are large. */
export async function readBytes(client: Client, defaultTimeoutMs: number, path: string, question: Json, options: ReadOptions = {}): Promise<{ text: Buffer; wireBytes: number }> {
  const deadline = beginDeadline(options.timeoutMs ?? defaultTimeoutMs, options.signal);
  try {
    const { statusCode, headers, body } = await client.transport.request<AsyncIterable<Buffer>>(
      { method: 'POST', path, body: question },
      { asStream: true, meta: true, signal: deadline.signal, maxRetries: ADMIN_RETRIES, headers: { 'accept-encoding': 'gzip' } },
    );
    const raw = await readAll(body);
    const text = await decoded(raw, headers['content-encoding']);
    if (statusCode >= 400) throw refusal(statusCode, parsed(text), 'POST', path);
    return { text, wireBytes: raw.length };
  } catch (error) {
    throw failureOf(error, 'POST', path, deadline.givenUp());
  } finally {
    deadline.end();
  }
}

function parsed(text: Buffer): unknown {
  try {
    return JSON.parse(text.toString('utf8'));
  } catch {
    return text.toString('utf8');
  }
}

function refusalOf(error: errors.ResponseError, method: Method, path: string): SluiceError {
  return refusal(error.statusCode ?? 0, error.body, method, path);
}

function refusal(status: number, body: unknown, method: Method, path: string): SluiceError {
  const { type, reason } = errorIn(body);
  const code = TRY_LATER.has(status) ? 'ELASTICSEARCH_UNAVAILABLE' : 'ELASTICSEARCH_REFUSED';
  return new SluiceError(code, `Elasticsearch answered ${status} to ${method} ${path}: ${type}: ${reason}`, { details: { method, path, status, type, reason } });
}

function errorIn(body: unknown): { type: string; reason: string } {
  const error = typeof body === 'object' && body !== null ? (body as Json)['error'] : body;
  if (typeof error === 'object' && error !== null) {
    const { type = 'unknown', reason } = error as { type?: string; reason?: string | null };
    return { type, reason: reason ?? '' };
  }
  return { type: 'unknown', reason: typeof error === 'string' ? error : '' };
}
