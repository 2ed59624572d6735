import type { Operation } from '../domain/envelope.ts';
import { messageOf, SluiceError } from '../domain/errors.ts';
import { WAREHOUSE, type VersionType } from '../domain/lane.ts';
import type { AnyPipeline } from '../domain/pipeline.ts';
import type { Flaw } from '../indexing/precheck.ts';
import type { IngestRecord } from '../ingest/record.ts';
import { leadOf, type Case } from './case.ts';
import { planDocument, type Patching } from './plan-document.ts';
import { planEvent, type Conversion } from './plan-event.ts';
import type { RedriveParts } from './parts.ts';
import { applyPatch, type Patched, type Transform } from './patch.ts';
import { isDelete, payloadOf, type Failure } from './failure.ts';
import { recordAgain } from './record-again.ts';

/** A finished document on its way into an index; `value` is without `origin`, null for a delete. */
export interface DocumentWrite {
  readonly operation: Operation;
  readonly index: string;
  readonly id: string;
  readonly version: number;
  readonly value: Buffer | null;
  /** `external`, strictly newer, unless it says otherwise. */
  readonly versionType?: VersionType;
  /** A tombstone's time goes on with it, epoch ms. */
  readonly tombstoneAt?: number;
}

/** What is to be done about a case. */
export type Plan =
  | { readonly kind: 'document'; readonly write: DocumentWrite }
  | { readonly kind: 'event'; readonly record: IngestRecord; readonly write: DocumentWrite }
  /** Nothing has to be written, on purpose: the pipeline leaves such events out. */
  | { readonly kind: 'done'; readonly outcome: string }
  /** The patch leaves it alone. */
  | { readonly kind: 'skipped' }
  | { readonly kind: 'failed'; readonly flaw: Flaw };

export interface Planned {
  readonly case: Case;
  readonly plan: Plan;
  /** What the patch changed; null without one. */
  readonly change: { readonly before: unknown; readonly after: unknown } | null;
}

export interface PlanOptions {
  readonly transform: Transform | null;
  /** The patched document beats a stored one of the same source version. */
  readonly raiseEpoch: boolean;
}

/** Works out what a case comes to: payload → patch → operation or record. Writes nothing; rejects only where a cluster does not answer. */
export async function planCase(one: Case, options: PlanOptions, conversion: Conversion, parts: RedriveParts): Promise<Planned> {
  const lead = leadOf(one);
  const payload = await wholePayload(lead, parts);
  if (!payload.ok) return { case: one, plan: { kind: 'failed', flaw: payload.flaw }, change: null };
  const { bytes, pipeline } = payload;
  const patched = await patchedPayload(lead, bytes, options.transform);
  if (patched === null) return { case: one, plan: await planBytes(one, { bytes, pipeline }, null, conversion, parts), change: null };
  switch (patched.kind) {
    case 'skipped': return { case: one, plan: { kind: 'skipped' }, change: null };
    case 'failed': return { case: one, plan: { kind: 'failed', flaw: { type: 'patch_failed', reason: patched.problem } }, change: null };
    case 'bytes': return { case: one, plan: await planBytes(one, { bytes: patched.bytes, pipeline }, options, conversion, parts), change: { before: patched.before, after: patched.after } };
  }
}

function planBytes(one: Case, { bytes, pipeline }: Given, patching: Patching | null, conversion: Conversion, parts: RedriveParts): Promise<Plan> {
  const lead = leadOf(one);
  return one.kind === 'event' ? planEvent(lead, bytes, { raiseEpoch: patching?.raiseEpoch === true, pipeline }, conversion, parts) : planDocument(lead, bytes, patching, parts);
}

/** A delete has no document to patch. */
async function patchedPayload(lead: Failure, payload: Buffer | null, transform: Transform | null): Promise<Patched | null> {
  return transform === null || isDelete(lead) ? null : await applyPatch(transform, lead, payload);
}

/** What failed, as bytes, and the pipeline that it takes. */
interface Given { readonly bytes: Buffer | null; readonly pipeline: AnyPipeline | undefined }
type Payload = ({ readonly ok: true } & Given) | { readonly ok: false; readonly flaw: Flaw };

/** A payload that was cut for the failure index is read again where it came from; so is the row of a backfill, which alone knows what its case adds. */
async function wholePayload(lead: Failure, parts: RedriveParts): Promise<Payload> {
  const pipeline = parts.pipelines.find(({ name }) => name === lead.pipeline);
  if (lead.kind === 'event' && lead.source.cluster === WAREHOUSE) return await rowAgain(lead, parts);
  if (!lead.payloadTruncated) return { ok: true, bytes: payloadOf(lead), pipeline };
  const log = lead.kind === 'event' ? parts.source : parts.regions.get(lead.source.cluster)?.log;
  const record = log === undefined ? null : await recordAgain(log, lead.source);
  if (record !== null) return { ok: true, bytes: record.value, pipeline };
  return { ok: false, flaw: { type: 'payload_truncated', reason: `the failure index holds a part of the ${lead.payloadBytes} bytes only, and the record is no longer in ${lead.source.topic}` } };
}

async function rowAgain(lead: Failure, { rows }: RedriveParts): Promise<Payload> {
  if (rows === null) return { ok: false, flaw: { type: 'extract_unreadable', reason: 'objectStore is not configured here: the row of the backfill cannot be read' } };
  try {
    const { pipeline, payload } = await rows.read(lead.source, lead.cycle);
    return { ok: true, bytes: payload ?? payloadOf(lead), pipeline };
  } catch (error) {
    if (!(error instanceof SluiceError) || error.code.startsWith('OBJECT_STORE')) throw error;
    return { ok: false, flaw: { type: 'extract_unreadable', reason: messageOf(error) } };
  }
}
