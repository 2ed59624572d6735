import { encodeEnvelope } from '../domain/envelope.ts';
import { messageOf, SluiceError } from '../domain/errors.ts';
import type { SourceEvent } from '../domain/event.ts';
import { failureDocument, MAX_FAILURE_PAYLOAD, type Stage } from '../domain/failure.ts';
import { regionalTopicOf } from '../domain/pipeline.ts';
import { MAX_ID_BYTES } from '../domain/document.ts';
import { FAILURES_PIPELINE, FAILURES_SCHEMA } from '../domain/system-names.ts';
import { ingestRecord } from './document.ts';
import type { IngestRecord } from './record.ts';

/** Largest failure record, bytes: what the topic takes, less room for framing. */
export const MAX_FAILURE_RECORD = 8 * 1024 * 1024 - 64 * 1024;
const MAX_ERROR_TYPE = 256;

export interface Failed {
  readonly stage: Stage;
  readonly error: { readonly type: string; readonly reason: string; readonly stack?: string | undefined };
  readonly documentId: string | null;
  readonly version: number | null;
}

/** Who reports failures, and where to. */
export interface FailureContext {
  readonly prefix: string;
  readonly sourceCluster: string;
  readonly host: string;
}

/** Type, reason and stack of whatever was thrown. */
export function errorFacts(error: unknown): Failed['error'] {
  if (!(error instanceof Error)) return { type: 'Error', reason: String(error) };
  const type = error instanceof SluiceError ? error.code : error.name;
  return { type: type.slice(0, MAX_ERROR_TYPE), reason: messageOf(error), stack: error.stack };
}

/** The record for the failures topic that stands for an event which cannot become a document. */
export function failureRecord(event: SourceEvent, failed: Failed, time: number, context: FailureContext): IngestRecord {
  const { id, body } = failureDocument({
    ...failed,
    documentId: failed.documentId === null ? null : cutText(failed.documentId),
    payload: event.payload,
    pipeline: event.pipeline,
    source: { cluster: context.sourceCluster, topic: event.topic, partition: event.partition, offset: event.offset, timestamp: event.timestamp },
    lane: null, batch: null, index: null, attempts: 1, host: context.host, origin: null, time,
  });
  // Who writes it says so in `origin`, as for every document: that is the processor.
  const { origin: _, ...kept } = body;
  const envelope = encodeEnvelope({
    operation: 'index', schema: FAILURES_SCHEMA, version: time, routingTime: event.timestamp,
    sourceTime: event.timestamp, ingestTime: time, pipeline: FAILURES_PIPELINE, id,
  });
  return ingestRecord({ topic: regionalTopicOf(context.prefix, FAILURES_PIPELINE), key: id, value: boundedBytes(kept, event.payload), envelope, event, failure: true });
}

/** JSON escapes can blow text up sixfold: such a payload goes as base64, which never grows beyond the limit. */
function boundedBytes(body: Record<string, unknown>, payload: Buffer | null): Buffer {
  const bytes = failureBytes(body);
  if (bytes.length <= MAX_FAILURE_RECORD || payload === null) return bytes;
  const encoded = payload.subarray(0, MAX_FAILURE_PAYLOAD).toString('base64');
  return failureBytes({ ...body, payload: encoded, payload_encoding: 'base64' });
}

/** The same failure without its payload: the last resort where even the failure record is larger than a topic takes. */
export function withoutPayload(record: IngestRecord): IngestRecord {
  const { deleted: _, ...body } = JSON.parse((record.value ?? Buffer.from('{}')).toString('utf8')) as Record<string, unknown>;
  const value = failureBytes({ ...body, payload: null, payload_encoding: 'none', payload_truncated: true });
  return { ...record, value, bytes: record.bytes - (record.value?.length ?? 0) + value.length };
}

/** No fingerprint: each region's failures are its own, and redrive changes them in place. */
function failureBytes(body: Record<string, unknown>): Buffer {
  return Buffer.from(JSON.stringify({ ...body, deleted: false }));
}

function cutText(text: string): string {
  return Buffer.byteLength(text) <= MAX_ID_BYTES ? text : Buffer.from(text).subarray(0, MAX_ID_BYTES).toString('utf8');
}
