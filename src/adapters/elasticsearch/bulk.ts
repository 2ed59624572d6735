import { gunzip, inflate } from 'node:zlib';
import { promisify } from 'node:util';
import { errors, type Client } from '@elastic/elasticsearch';
import { redactText } from '../../domain/errors.ts';
import { TRACE_HEADER } from '../../domain/trace-header.ts';
import type { Answer, BulkRequest } from '../../ports/search-index.ts';
import { beginDeadline, type Deadline } from './deadline.ts';

const TERSE = 'errors,took,items.*.status,items.*.error.type';
const FILTERS: Readonly<Record<BulkRequest['detail'], string>> = {
  terse: TERSE,
  full: `${TERSE},items.*.error.reason,items.*.error.caused_by`,
};
/** The server gives up waiting for a shard this much of the way, so that its answer still comes in time. */
const SERVER_SHARE = 0.8;
/** Most bytes of one answer; a larger one counts as no answer. */
const MAX_ANSWER_BYTES = 256 * 1024 * 1024;
/** Gateway answers that take a node out of the rotation for a while. */
const NODE_IS_SICK = new Set([502, 503, 504]);

/** Sends one bulk request once, and hands back the raw answer: the body is neither serialised nor parsed on the way. */
export async function sendBulk(client: Client, request: BulkRequest): Promise<Answer> {
  const deadline = beginDeadline(request.timeoutMs, request.signal);
  try {
    return await exchange(client, request, deadline);
  } catch (error) {
    return silence(error, deadline);
  } finally {
    deadline.end();
  }
}

async function exchange(client: Client, request: BulkRequest, deadline: Deadline): Promise<Answer> {
  const timeout = Math.max(1, Math.floor(request.timeoutMs * SERVER_SHARE));
  const { statusCode, headers, body, meta } = await client.transport.request<AsyncIterable<Buffer>>(
    { method: 'POST', path: `/_bulk?timeout=${timeout}ms&filter_path=${FILTERS[request.detail]}`, bulkBody: bufferOf(request.body) },
    // As a stream, the client neither parses the answer nor throws on an error status; but it leaves the node's standing to us.
    { asStream: true, meta: true, maxRetries: 0, signal: deadline.signal, ...(request.traceparent !== undefined && { headers: { [TRACE_HEADER]: request.traceparent } }) },
  );
  const raw = await readAll(body);
  if (meta.connection !== null) {
    if (NODE_IS_SICK.has(statusCode)) client.connectionPool.markDead(meta.connection);
    else client.connectionPool.markAlive(meta.connection);
  }
  return { kind: 'answered', status: statusCode, body: await decoded(raw, headers['content-encoding']) };
}

function bufferOf(body: Uint8Array): Buffer {
  return Buffer.isBuffer(body) ? body : Buffer.from(body.buffer, body.byteOffset, body.byteLength);
}

/** A whole answer; throws ConnectionError when it is larger than is sane. */
export async function readAll(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    bytes += chunk.length;
    if (bytes > MAX_ANSWER_BYTES) throw new errors.ConnectionError(`the answer is over ${MAX_ANSWER_BYTES} bytes`);
    chunks.push(chunk);
  }
  return chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks, bytes);
}

/** The bytes beneath the content encoding. */
export async function decoded(body: Buffer, encoding: string | undefined): Promise<Buffer> {
  if (encoding === 'gzip') return promisify(gunzip)(body);
  if (encoding === 'deflate') return promisify(inflate)(body);
  return body;
}

function silence(error: unknown, deadline: Deadline): Answer {
  if (error instanceof TypeError || error instanceof RangeError) throw error;
  const givenUp = deadline.givenUp();
  const reason = givenUp === null ? redactText(error instanceof Error ? error.message : String(error)) : `the request was given up (${givenUp})`;
  return { kind: 'silent', reason, cause: givenUp ?? 'connection' };
}
