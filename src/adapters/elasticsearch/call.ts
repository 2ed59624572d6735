import { errors, type Client } from '@elastic/elasticsearch';
import { SluiceError } from '../../domain/errors.ts';
import type { Json, SearchAdmin } from '../../ports/search-index.ts';
import { beginDeadline, type GivenUp } from './deadline.ts';
import { ADMIN_RETRIES } from './settings.ts';

type CallParameters = Parameters<SearchAdmin['call']>;
type Method = CallParameters[0];
type CallOptions = NonNullable<CallParameters[3]>;

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

function refusalOf(error: errors.ResponseError, method: Method, path: string): SluiceError {
  const status = error.statusCode ?? 0;
  const { type, reason } = errorIn(error.body);
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
