import { SluiceError } from '../../src/domain/errors.ts';
import type { Answer, BulkRequest, Json, SearchAdmin, SearchCluster, SearchReader } from '../../src/ports/search-index.ts';
import { parseBulk, type MemoryError, type MemoryOperation } from './memory-search-bulk.ts';
import { answerCall } from './memory-search-calls.ts';
import type { MemoryIndex, MemoryItem, StoredDocument } from './memory-search-index.ts';
import { createIndex, templateOf, type MemoryIndices } from './memory-search-store.ts';

/** Something that goes wrong with a bulk request, on purpose. */
export type BulkFault =
  /** No answer comes back; `applied` says whether the request took effect all the same. */
  | { readonly kind: 'silent'; readonly cause: 'connection' | 'timeout' | 'aborted'; readonly applied?: boolean }
  /** The whole request is refused with this HTTP status. */
  | { readonly kind: 'request'; readonly status: number; readonly error?: MemoryError }
  /** These operations (all, without `only`) are refused; the others are applied. */
  | { readonly kind: 'items'; readonly status: number; readonly error: MemoryError; readonly only?: (operation: MemoryOperation) => boolean }
  /** The request takes effect at once, but its answer waits for `until`. */
  | { readonly kind: 'slow'; readonly until: Promise<unknown> };

export const ITEM_QUEUE_FULL: BulkFault = { kind: 'items', status: 429, error: { type: 'es_rejected_execution_exception', reason: 'rejected execution of coordinating operation' } };
export const ITEM_WRITE_BLOCK: BulkFault = { kind: 'items', status: 403, error: { type: 'cluster_block_exception', reason: 'index [i] blocked by: [FORBIDDEN/8/index write (api)];' } };

export interface MemorySearchOptions {
  /** Whether a bulk request creates the indices that it names; false answers 404 for each of their items. */
  readonly autoCreate?: boolean;
  /** Bodies over this many bytes are answered with 413 (`http.max_content_length`). */
  readonly maxBodyBytes?: number;
  /** An error for documents that a mapping would refuse; null accepts. */
  readonly reject?: (document: Json, operation: MemoryOperation) => MemoryError | null;
}

/** What was asked of `bulk`, for assertions. */
export interface SeenBulk {
  readonly bytes: number;
  readonly detail: BulkRequest['detail'];
  readonly operations: readonly MemoryOperation[];
}

const REQUEST_ERRORS: Readonly<Record<number, MemoryError>> = {
  400: { type: 'illegal_argument_exception', reason: 'request refused' },
  401: { type: 'security_exception', reason: 'missing authentication credentials for REST request [/_bulk]' },
  403: { type: 'security_exception', reason: 'action [indices:data/write/bulk] is unauthorized' },
  413: { type: 'content_too_long_exception', reason: 'entity content is too long' },
  429: { type: 'es_rejected_execution_exception', reason: 'rejected execution of coordinating operation' },
  503: { type: 'cluster_block_exception', reason: 'blocked by: [SERVICE_UNAVAILABLE/1/state not recovered / initialized];' },
};

/** An Elasticsearch in memory: real version rules, real answer shapes, faults on demand. Writes are visible to search at once. */
export class MemorySearch implements SearchCluster, MemoryIndices {
  readonly indices = new Map<string, MemoryIndex>();
  readonly templates = new Map<string, Json>();
  readonly seen: SeenBulk[] = [];
  /** Every administrative call, as `METHOD /path`. */
  readonly calls: string[] = [];
  readonly #options: MemorySearchOptions;
  readonly #faults: { fault: BulkFault; left: number }[] = [];
  #down = false;

  constructor(options: MemorySearchOptions = {}) {
    this.#options = options;
  }

  /** The next `times` bulk requests meet this fault (several faults meet one request together). Returns how to take it away. */
  inject(fault: BulkFault, times = 1): () => void {
    const entry = { fault, left: times };
    this.#faults.push(entry);
    return () => void (entry.left = 0);
  }

  /** Nothing answers any more, or again: neither bulk nor call. */
  setDown(down: boolean): void {
    this.#down = down;
  }

  /** The stored document, null when it is absent or deleted. */
  document(index: string, id: string): StoredDocument | null {
    const stored = this.indices.get(index)?.documents.get(id);
    return stored === undefined || stored.source === null ? null : stored;
  }

  async bulk(request: BulkRequest): Promise<Answer> {
    const faults = this.#takeFaults();
    if (request.signal?.aborted === true) return { kind: 'silent', reason: 'Request aborted', cause: 'aborted' };
    if (this.#down) return { kind: 'silent', reason: 'connect ECONNREFUSED', cause: 'connection' };
    const silent = faults.find((fault) => fault.kind === 'silent');
    if (silent !== undefined && silent.applied !== true) return { kind: 'silent', reason: `no answer (${silent.cause})`, cause: silent.cause };
    const answer = this.#answer(request, faults);
    if (silent !== undefined) return { kind: 'silent', reason: `no answer (${silent.cause})`, cause: silent.cause };
    const slow = faults.find((fault) => fault.kind === 'slow');
    return slow === undefined ? answer : waitFor(slow.until, answer, request);
  }

  call: SearchAdmin['call'] = async (method, path, body, options) => {
    this.calls.push(`${method} ${path}`);
    if (this.#down) throw new SluiceError('ELASTICSEARCH_UNAVAILABLE', `${method} ${path}: connect ECONNREFUSED`);
    options?.signal?.throwIfAborted();
    const parsed = typeof body === 'string' ? parseOrKeep(body) : body;
    const answer = answerCall(this, method, path, parsed);
    if (answer.status < 400 || options?.okStatuses?.includes(answer.status) === true) return answer;
    if (method === 'HEAD' && answer.status === 404) return answer;
    const { type, reason } = (answer.body['error'] ?? { type: 'unknown', reason: '' }) as MemoryError;
    throw new SluiceError('ELASTICSEARCH_REFUSED', `${method} ${path}: ${answer.status} ${type}: ${reason}`, { details: { status: answer.status, type, reason } });
  };

  read: SearchReader['read'] = async (path, question, options) => {
    const { body } = await this.call('POST', path, question, options);
    const text = Buffer.from(JSON.stringify(body));
    return { text, wireBytes: text.length };
  };

  async close(): Promise<void> {
    this.#down = true;
  }

  #takeFaults(): BulkFault[] {
    const taken = this.#faults.filter((entry) => entry.left > 0);
    for (const entry of taken) entry.left--;
    return taken.map((entry) => entry.fault);
  }

  #answer(request: BulkRequest, faults: readonly BulkFault[]): Answer {
    const body = Buffer.from(request.body);
    const refused = faults.find((fault) => fault.kind === 'request');
    if (refused !== undefined) return refusal(refused.status, refused.error);
    if (body.length > (this.#options.maxBodyBytes ?? Infinity)) return { kind: 'answered', status: 413, body: Buffer.alloc(0) };
    const parsed = parseBulk(body);
    if (!parsed.ok) return refusal(400, parsed.error);
    this.seen.push({ bytes: body.length, detail: request.detail, operations: parsed.operations });
    const items = parsed.operations.map((operation) => this.#apply(operation, faults));
    return { kind: 'answered', status: 200, body: bulkAnswer(items, request.detail) };
  }

  #apply(operation: MemoryOperation, faults: readonly BulkFault[]): MemoryItem {
    const { action } = operation;
    const fault = faults.find((each) => each.kind === 'items' && (each.only?.(operation) ?? true));
    if (fault?.kind === 'items') return { action, status: fault.status, error: fault.error };
    if (operation.index !== operation.index.toLowerCase()) return { action, status: 400, error: { type: 'invalid_index_name_exception', reason: `Invalid index name [${operation.index}], must be lowercase` } };
    const index = this.#indexFor(operation.index);
    if (typeof index === 'string') return { action, status: 404, error: { type: 'index_not_found_exception', reason: index } };
    const error = this.#rejected(operation);
    return error === null ? index.apply(operation) : { action, status: 400, error };
  }

  #rejected(operation: MemoryOperation): MemoryError | null {
    if (this.#options.reject === undefined || operation.source === null) return null;
    const document = parseOrKeep(operation.source.toString());
    return typeof document === 'object' ? this.#options.reject(document, operation) : null;
  }

  /** The index, created where that is allowed; else why not. */
  #indexFor(name: string): MemoryIndex | string {
    const existing = this.indices.get(name);
    if (existing !== undefined) return existing;
    if (this.#options.autoCreate === false) return `no such index [${name}] and [action.auto_create_index] is [false]`;
    const template = templateOf(this, name);
    if (template?.['allow_auto_create'] === false) return `no such index [composable template [${String(template['index_patterns'])}] forbids index auto creation]`;
    return createIndex(this, name, {});
  }
}

function bulkAnswer(items: readonly MemoryItem[], detail: BulkRequest['detail']): Buffer {
  const shown = items.map(({ action, status, error }) => ({ [action]: error === undefined ? { status } : { status, error: detail === 'terse' ? { type: error.type } : error } }));
  return Buffer.from(JSON.stringify({ errors: items.some((item) => item.error !== undefined), took: 1, items: shown }));
}

function refusal(status: number, error: MemoryError | undefined): Answer {
  const shown = error ?? REQUEST_ERRORS[status] ?? { type: 'exception', reason: `status ${status}` };
  return { kind: 'answered', status, body: Buffer.from(JSON.stringify({ error: { root_cause: [shown], ...shown }, status })) };
}

async function waitFor(until: Promise<unknown>, answer: Answer, { signal, timeoutMs }: BulkRequest): Promise<Answer> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => settle({ kind: 'silent', reason: 'Request timed out', cause: 'timeout' }), timeoutMs);
    const abort = (): void => settle({ kind: 'silent', reason: 'Request aborted', cause: 'aborted' });
    function settle(value: Answer): void {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
      resolve(value);
    }
    signal?.addEventListener('abort', abort, { once: true });
    void until.then(() => settle(answer), () => settle(answer));
  });
}

function parseOrKeep(text: string): Json | string {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return text;
  }
}
