import { MAX_ID_BYTES, type Document } from '../domain/document.ts';
import { ENVELOPE_HEADER, encodeEnvelope } from '../domain/envelope.ts';
import { messageOf } from '../domain/errors.ts';
import type { SourceEvent } from '../domain/event.ts';
import { documentBytes, FINGERPRINT } from '../domain/fingerprint.ts';
import type { AnyPipeline } from '../domain/pipeline.ts';
import { isVersion, versionOf } from '../domain/version.ts';
import { type IngestRecord, RECORD_OVERHEAD } from './record.ts';

/** Routing times from year 0 to the last one that the envelope's 48 bits hold (year 6429). */
const MIN_ROUTING_TIME = Date.parse('0000-01-01T00:00:00Z');
const MAX_ROUTING_TIME = 2 ** 47 - 1;

/** The finished record, or why the document cannot be written, with what is known of it. */
export type Finished =
  | { readonly ok: true; readonly record: IngestRecord }
  | { readonly ok: false; readonly stage: 'document' | 'produce'; readonly problem: string; readonly version: number | null };

export interface FinishContext {
  readonly topic: string;
  readonly ingestTime: number;
  /** Larger documents are not sent, bytes. */
  readonly maxRecordBytes: number;
}

/** Finishes a document into the bytes that both regions get: JSON with `fingerprint` and `deleted`, envelope, key. Never throws. */
export function finish(pipeline: AnyPipeline, document: Document, event: SourceEvent, context: FinishContext): Finished {
  let version: number | null = null;
  try {
    version = pipeline.epoch === 'off' ? document.sourceVersion : versionOf(document.sourceVersion, pipeline.epoch);
    const problem = problemOf(document, version);
    if (problem !== null) return { ok: false, stage: 'document', problem, version: isVersion(version) ? version : null };
    const record = recordOf(pipeline, document, version, event, context);
    if (record.bytes - RECORD_OVERHEAD <= context.maxRecordBytes) return { ok: true, record };
    return { ok: false, stage: 'produce', problem: `the record of ${record.bytes - RECORD_OVERHEAD} bytes is larger than ${context.maxRecordBytes}`, version };
  } catch (error) {
    return { ok: false, stage: 'document', problem: messageOf(error), version };
  }
}

function problemOf({ id, key, routingTime, body }: Document, version: number): string | null {
  if (typeof id !== 'string' || id === '') return 'the id is empty';
  if (Buffer.byteLength(id) > MAX_ID_BYTES) return `the id of ${Buffer.byteLength(id)} bytes is longer than ${MAX_ID_BYTES}`;
  if (typeof key !== 'string' || key === '') return 'the key is empty';
  if (!isVersion(version)) return `version ${version} is not an integer in 0…2^53-1`;
  if (!isRoutingTime(routingTime)) return `routing time ${routingTime} is no time of the years 0…6429 in whole milliseconds`;
  if ('deleted' in body || 'origin' in body || FINGERPRINT in body) return 'the body holds deleted, origin or fingerprint, which are added on the way';
  return null;
}

function isRoutingTime(time: number): boolean {
  return Number.isInteger(time) && time >= MIN_ROUTING_TIME && time <= MAX_ROUTING_TIME;
}

function recordOf(pipeline: AnyPipeline, document: Document, version: number, event: SourceEvent, { topic, ingestTime }: FinishContext): IngestRecord {
  const envelope = encodeEnvelope({
    operation: 'index', schema: pipeline.schema, version, routingTime: document.routingTime,
    sourceTime: event.timestamp, ingestTime, pipeline: pipeline.name, id: document.id,
  });
  const value = documentBytes(JSON.stringify(document.body), { id: document.id, version, deleted: document.deleted });
  return ingestRecord({ topic, key: document.key, value, envelope, event, failure: false });
}

/** Puts a record together and weighs it. */
export function ingestRecord({ topic, key, value, envelope, event, failure }: { topic: string; key: string; value: Buffer; envelope: Buffer; event: SourceEvent; failure: boolean }): IngestRecord {
  const keyBytes = Buffer.from(key);
  return {
    topic, key: keyBytes, value,
    headers: new Map([[ENVELOPE_HEADER, envelope]]),
    sourceOffset: event.offset, sourceTime: event.timestamp,
    bytes: value.length + keyBytes.length + envelope.length + RECORD_OVERHEAD,
    failure,
  };
}
