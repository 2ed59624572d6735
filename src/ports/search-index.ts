/**
 * The search engine that Sluice writes to (Elasticsearch in production). What the server answers is a value, never a
 * throw: only a programming error throws.
 */
export interface BulkRequest {
  /** NDJSON: action line, document line, …, last newline included. Not copied: must stay unchanged until answered. */
  readonly body: Uint8Array;
  /** 'terse' asks for statuses and error types alone; 'full' adds reasons. */
  readonly detail: 'terse' | 'full';
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
  /** Trace that the request is a part of: header `traceparent`. */
  readonly traceparent?: string;
}

export type Answer =
  /** The server answered; `body` is the raw response body. */
  | { readonly kind: 'answered'; readonly status: number; readonly body: Buffer }
  /** No answer: refused, reset, timed out, name not resolved, aborted. Whether the request took effect is unknown. */
  | { readonly kind: 'silent'; readonly reason: string; readonly cause: 'connection' | 'timeout' | 'aborted' };

/** The one call of the hot path. */
export interface BulkSink {
  bulk(request: BulkRequest): Promise<Answer>;
}

export interface Json {
  readonly [key: string]: unknown;
}

/** Everything beside the hot path; rejects with SluiceError `ELASTICSEARCH_*` (status and reason inside). */
export interface SearchAdmin {
  /** Any JSON call; returns the parsed body. `okStatuses` are returned instead of rejected. */
  call(method: 'GET' | 'PUT' | 'POST' | 'DELETE' | 'HEAD', path: string, body?: Json | string, options?: { okStatuses?: readonly number[]; timeoutMs?: number; signal?: AbortSignal }): Promise<{ status: number; body: Json }>;
}

/** A read in bulk: whoever asks wants the bytes, for their number or for the digits in them. */
export interface SearchReader {
  /** POSTs a question; the answer as it came, and how many bytes crossed the network for it. Rejects as `call` does. */
  read(path: string, question: Json, options?: { readonly timeoutMs?: number; readonly signal?: AbortSignal }): Promise<{ readonly text: Buffer; readonly wireBytes: number }>;
}

export interface SearchCluster extends BulkSink, SearchAdmin, SearchReader {
  close(): Promise<void>;
}
