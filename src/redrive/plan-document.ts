import { fingerprinted } from '../domain/content.ts';
import { decodeEnvelope, type Envelope } from '../domain/envelope.ts';
import { isTombstone } from '../domain/fingerprint.ts';
import { indexNameOf, type Period } from '../domain/index-name.ts';
import { EPOCHS, partsOf } from '../domain/version.ts';
import { readForeignRecord } from '../indexing/foreign-record.ts';
import { FAILURES_INDEX, FAILURES_PIPELINE, FAILURES_SCHEMA, OWN_PERIODS } from '../domain/system-names.ts';
import { flawOfDocument, flawOfId, flawOfSchema, flawOfVersion, type Flaw } from '../indexing/precheck.ts';
import { isIndexOf } from '../setup/template.ts';
import { isDelete, type Failure } from './failure.ts';
import type { RedriveParts } from './parts.ts';
import type { DocumentWrite, Plan } from './plan.ts';
import { recordAgain } from './record-again.ts';

const NEWLINE = 10;
const SPACE = 32;
/** What JSON allows around its tokens. */
const WHITE: ReadonlySet<number> = new Set([SPACE, 9, NEWLINE, 13]);

/** How a patch may change a document; null where the bytes go as they are. */
export interface Patching {
  readonly raiseEpoch: boolean;
}

type Located = { readonly ok: true; readonly write: DocumentWrite } | { readonly ok: false; readonly flaw: Flaw };

/** The operation that a processor could not carry out, as it will be sent: original id and version, or a raised epoch. */
export async function planDocument(failure: Failure, payload: Buffer | null, patching: Patching | null, parts: RedriveParts): Promise<Plan> {
  const located = await locate(failure, payload, parts);
  if (!located.ok) return { kind: 'failed', flaw: located.flaw };
  const raised = patching?.raiseEpoch === true ? withRaisedEpoch(located.write, failure.pipeline, parts) : located;
  if (!raised.ok) return { kind: 'failed', flaw: raised.flaw };
  const write = patching === null ? { ...raised.write, value: oneLine(raised.write.value) } : remade(raised.write, failure.pipeline);
  const flaw = flawOf(write, failure.pipeline, parts);
  return flaw === null ? { kind: 'document', write: dated(write, parts.clock.now()) } : { kind: 'failed', flaw };
}

/** A tombstone came when it is written at last: an older failure of its document can be redriven for as long as any record can be replayed. */
function dated(write: DocumentWrite, now: number): DocumentWrite {
  return write.value !== null && isTombstone(write.value) ? { ...write, tombstoneAt: now } : write;
}

/** Where the document goes. A record that was refused before its index was known is read again in its topic. */
async function locate(failure: Failure, payload: Buffer | null, parts: RedriveParts): Promise<Located> {
  const known = knownOf(failure, payload);
  // The record of one that was refused before it was sent tells its schema, too: it is asked for as long as it is there.
  if (known !== null && failure.stage !== 'precheck') return known;
  const log = parts.regions.get(failure.source.cluster)?.log;
  const record = log === undefined ? null : await recordAgain(log, failure.source);
  if (record?.envelope != null) {
    const envelope = decodeEnvelope(record.envelope);
    if (envelope === null) return unfit('envelope_unreadable', 'the sluice header of the record cannot be read: its id, version and index are not known');
    return writeOf(envelope, envelope.operation === 'delete' ? null : payload, parts);
  }
  const foreign = readForeignRecord(payload, failure.pipeline, failure.source.timestamp);
  if (foreign.ok) return writeOf(foreign.envelope, foreign.value, parts);
  if (known !== null) return known;
  return unfit('index_unknown', record === null ? `its index is not known, and the record is no longer in ${failure.source.topic}` : foreign.reason);
}

function knownOf(failure: Failure, payload: Buffer | null): Located | null {
  const { targetIndex, documentId, version } = failure;
  if (targetIndex === null || documentId === null || version === null) return null;
  const remove = isDelete(failure);
  return { ok: true, write: { operation: remove ? 'delete' : 'index', index: targetIndex, id: documentId, version, value: remove ? null : payload } };
}

function writeOf(envelope: Envelope, value: Buffer | null, parts: RedriveParts): Located {
  const family = familyOf(envelope.pipeline, parts);
  if (family === null) return unfit('index_unknown', `there is no pipeline ${envelope.pipeline}`);
  const { operation, id, version, routingTime } = envelope;
  const flaw = flawOfSchema(envelope.schema, family.schema);
  if (flaw !== null) return { ok: false, flaw };
  return { ok: true, write: { operation, index: indexNameOf(family.base, family.period, routingTime), id, version, value } };
}

function withRaisedEpoch(write: DocumentWrite, pipeline: string, { pipelines }: RedriveParts): Located {
  const epoch = pipelines.find(({ name }) => name === pipeline)?.epoch ?? 'off';
  if (epoch === 'off') return unfit('epoch_off', `pipeline ${pipeline} has no epochs: a patched document cannot beat the stored one of the same version`);
  if (partsOf(write.version).epoch + 1 >= EPOCHS) return unfit('epoch_exhausted', `version ${write.version} has the last epoch already`);
  return { ok: true, write: { ...write, version: write.version + 1 } };
}

/** A patch changed what the fingerprint covers. Failures have none. */
function remade(write: DocumentWrite, pipeline: string): DocumentWrite {
  const value = write.value === null || pipeline === FAILURES_PIPELINE ? write.value : fingerprinted(write.value, write.id, write.version);
  return { ...write, value: oneLine(value) };
}

/** The failure index says where a document goes, so it is looked at twice: only indices of its own pipeline are written to. */
function flawOf({ operation, index, id, version, value }: DocumentWrite, pipeline: string, parts: RedriveParts): Flaw | null {
  const family = familyOf(pipeline, parts);
  if (family === null || !isIndexOf(family.base, index)) return { type: 'index_unknown', reason: `${index} is no index of pipeline ${pipeline}` };
  const flaw = flawOfId(Buffer.byteLength(id)) ?? flawOfVersion(version);
  if (flaw !== null || operation === 'delete') return flaw;
  if (value === null) return { type: 'document_missing', reason: 'there is no document to index; a patch can make one' };
  return flawOfDocument(value, parts.settings.processor.maxDocumentBytes);
}

function familyOf(pipeline: string, { prefix, pipelines }: RedriveParts): { base: string; period: Period; schema: number } | null {
  if (pipeline === FAILURES_PIPELINE) return { base: `${prefix}${FAILURES_INDEX}`, period: OWN_PERIODS[FAILURES_INDEX], schema: FAILURES_SCHEMA };
  const found = pipelines.find(({ name }) => name === pipeline);
  return found === undefined ? null : { base: `${prefix}${pipeline}`, period: found.index.period, schema: found.schema };
}

/** JSON holds raw newlines between its tokens only: as spaces they mean the same, and no number is written anew. */
function oneLine(value: Buffer | null): Buffer | null {
  if (value === null) return null;
  let [start, end] = [0, value.length];
  while (start < end && WHITE.has(value[start] as number)) start += 1;
  while (end > start && WHITE.has(value[end - 1] as number)) end -= 1;
  const trimmed = value.subarray(start, end);
  return trimmed.includes(NEWLINE) ? Buffer.from(trimmed.map((byte) => (byte === NEWLINE ? SPACE : byte))) : trimmed;
}

function unfit(type: string, reason: string): { ok: false; flaw: Flaw } {
  return { ok: false, flaw: { type, reason } };
}
