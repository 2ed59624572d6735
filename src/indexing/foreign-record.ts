import { z } from 'zod';
import { MAX_TIME, type Envelope } from '../domain/envelope.ts';
import { parseExactly } from '../domain/exact-json.ts';
import { documentBytes, type Identity } from '../domain/fingerprint.ts';

/**
 * A record of another producer: no `sluice` header, so what stands there otherwise is part of the value, as JSON:
 * `{"id": "…", "version": 1, "routing_time": 1764547200000, "operation": "index", "document": {…}}`.
 * Slower than ours, since the value is parsed and written again. A delete becomes a tombstone, as with ours, so that it
 * outlives `gc_deletes`; `document` may then be left out, or hold what is to stay of it.
 */
const foreignRecord = z.strictObject({
  id: z.string().min(1),
  version: z.int().nonnegative(),
  routing_time: z.int().min(-MAX_TIME).max(MAX_TIME),
  operation: z.enum(['index', 'delete']).default('index'),
  document: z.record(z.string(), z.unknown()).optional(),
});

export type Foreign =
  | { readonly ok: true; readonly envelope: Envelope; readonly value: Buffer | null }
  | { readonly ok: false; readonly reason: string };

/** Reads a record without our header; `timestamp` (epoch ms) stands in for the times that it lacks. Never throws. */
export function readForeignRecord(value: Buffer | null, pipeline: string, timestamp: number): Foreign {
  if (value === null) return { ok: false, reason: 'the record has neither a sluice header nor a value' };
  const parsed = parse(value);
  if (!parsed.ok) return parsed;
  const { id, version, routing_time: routingTime, operation, document } = parsed.record;
  if (operation === 'index' && document === undefined) return { ok: false, reason: 'document: required to index' };
  const envelope: Envelope = { operation: 'index', schema: 0, version, routingTime, sourceTime: timestamp, ingestTime: timestamp, pipeline, id };
  return { ok: true, envelope, value: documentOf(document ?? {}, { id, version, deleted: operation === 'delete' || document?.['deleted'] === true }) };
}

/** `deleted` goes last: that is how a tombstone is known. */
function documentOf(document: Record<string, unknown>, identity: Identity): Buffer {
  const { deleted: _deleted, fingerprint: _fingerprint, ...body } = document;
  return documentBytes(JSON.stringify(body), identity);
}

function parse(value: Buffer): { ok: true; record: z.output<typeof foreignRecord> } | { ok: false; reason: string } {
  let [json, exact]: unknown[] = [];
  try {
    const text = value.toString('utf8');
    json = JSON.parse(text);
    // What is checked may be rounded, what is stored may not.
    exact = parseExactly(text);
  } catch (error) {
    return { ok: false, reason: `the record has no sluice header and its value is not JSON: ${(error as Error).message}` };
  }
  const result = foreignRecord.safeParse(json);
  return result.success ? { ok: true, record: { ...result.data, document: (exact as { document?: Record<string, unknown> }).document } } : { ok: false, reason: `the record has no sluice header and its value is no envelope: ${z.prettifyError(result.error)}` };
}
