import { createHash } from 'node:crypto';
import { isUtf8 } from 'node:buffer';
import { boundedTime } from './envelope.ts';
import type { Origin } from './origin.ts';

/** Where in the pipeline a record failed. */
export type Stage = 'decode' | 'enrich' | 'document' | 'produce' | 'envelope' | 'precheck' | 'index';

/** Payload bytes kept in a failure document; a larger payload is cut there and says so. */
export const MAX_FAILURE_PAYLOAD = 4 * 1024 * 1024;

export interface FailureFacts {
  readonly stage: Stage;
  readonly error: { readonly type: string; readonly reason: string; readonly stack?: string | undefined };
  readonly payload: Buffer | null;
  readonly pipeline: string;
  /** Cluster and coordinates of the record that failed. */
  readonly source: { readonly cluster: string; readonly topic: string; readonly partition: number; readonly offset: number; readonly timestamp: number };
  readonly lane: string | null;
  readonly batch: string | null;
  readonly documentId: string | null;
  readonly version: number | null;
  readonly index: string | null;
  readonly attempts: number;
  readonly host: string;
  readonly origin: Origin | null;
  /** When it failed, epoch ms; also the version of the failure document, so a replay overwrites it. */
  readonly time: number;
}

/** The failure document and its id: the same record failing again, in any process, overwrites the same document. */
export function failureDocument(facts: FailureFacts): { id: string; body: Record<string, unknown> } {
  const { cluster, topic, partition, offset } = facts.source;
  const id = createHash('sha256').update([facts.stage === 'index' || facts.stage === 'precheck' ? 'processor' : 'ingest', facts.lane ?? '', cluster, topic, partition, offset].join('\0')).digest('hex').slice(0, 40);
  return {
    id,
    body: {
      '@timestamp': new Date(facts.time).toISOString(),
      state: 'open',
      stage: facts.stage,
      pipeline: facts.pipeline,
      error: { type: facts.error.type, reason: facts.error.reason.slice(0, 8_000), stack: facts.error.stack?.slice(0, 16_000) },
      ...payloadFields(facts.payload),
      source: { ...facts.source, timestamp: new Date(boundedTime(facts.source.timestamp)).toISOString() },
      lane: facts.lane,
      batch: facts.batch,
      document_id: facts.documentId,
      version: facts.version,
      index: facts.index,
      attempts: facts.attempts,
      host: facts.host,
      origin: facts.origin,
    },
  };
}

function payloadFields(payload: Buffer | null): Record<string, unknown> {
  if (payload === null) return { payload: null, payload_encoding: 'none', payload_bytes: 0, payload_truncated: false };
  const kept = payload.subarray(0, MAX_FAILURE_PAYLOAD);
  const encoding = isUtf8(kept) ? 'utf8' : 'base64';
  return {
    payload: kept.toString(encoding),
    payload_encoding: encoding,
    payload_bytes: payload.length,
    payload_truncated: kept.length < payload.length,
  };
}
