import { createHash } from 'node:crypto';
import { decodeEnvelope, ENVELOPE_HEADER, type Envelope } from '../domain/envelope.ts';
import { failureDocument } from '../domain/failure.ts';
import { FINGERPRINT } from '../domain/fingerprint.ts';
import { indexNameOf } from '../domain/index-name.ts';
import { backfillLane } from '../domain/lane.ts';
import type { AnyPipeline } from '../domain/pipeline.ts';
import { FAILURES_INDEX, FAILURES_PIPELINE, ownIndexOf } from '../domain/system-names.ts';
import { refuseUnread, type UnreadDocument } from '../domain/unread.ts';
import type { RecordBlock } from '../ports/record-log.ts';
import type { Json, SearchAdmin } from '../ports/search-index.ts';
import type { BackfillCase } from './case.ts';
import { groupsOf, type Group, type Manifest } from './manifest.ts';
import { indicesOf, type Plan } from './plan.ts';
import { verdictOf, type Stored, type Wanted } from './verdict.ts';
import { MAX_LISTED, VerifyTally, type VerifiedRegion, type Where } from './verify-tally.ts';

/** Documents asked for at once. */
const PAGE = 1_000;
const TIMEOUT_MS = 60_000;

export interface VerifyParts {
  readonly plan: Plan;
  readonly manifest: Manifest;
  readonly case: BackfillCase;
  readonly pipeline: AnyPipeline;
  readonly prefix: string;
  readonly regions: ReadonlyMap<string, SearchAdmin>;
  /** The documents of a row group, converted as for a load. */
  readonly read: (group: Group) => Promise<RecordBlock>;
  /** Share of the documents that are compared whole, 0…1; versions and fingerprints always are: the same ones in every region, each time. */
  readonly sample: number;
  readonly onProgress?: (progress: { readonly groups: number; readonly of: number; readonly rows: number }) => void;
}

interface Item { readonly where: Where; readonly envelope: Envelope; readonly value: Buffer | null; readonly offset: number; readonly timestamp: number }

/** Compares every row of an extract with what each region holds. Rejects with SluiceError where a region or the store does not answer. */
export async function verify(parts: VerifyParts, signal: AbortSignal): Promise<Record<string, VerifiedRegion>> {
  const groups = groupsOf(parts.manifest);
  const tallies = new Map([...parts.regions].map(([region]) => [region, new VerifyTally()]));
  let rows = 0;
  for (const [at, group] of groups.entries()) {
    const items = itemsOf(await parts.read(group), group, parts);
    await Promise.all([...parts.regions].map(([region, cluster]) => verifyItems(region, cluster, items, tallies.get(region) as VerifyTally, parts, signal)));
    rows += group.rows;
    parts.onProgress?.({ groups: at + 1, of: groups.length, rows });
  }
  const regions = await Promise.all([...parts.regions].map(async ([region, cluster]) => [region, await summed(cluster, tallies.get(region) as VerifyTally, parts)] as const));
  return Object.fromEntries(regions);
}

function itemsOf(block: RecordBlock, { file, index: rowGroup }: Group, { prefix, pipeline }: VerifyParts): Item[] {
  return Array.from({ length: block.count }, (_, at) => {
    const envelope = decodeEnvelope(block.header(at, ENVELOPE_HEADER) ?? Buffer.alloc(0));
    if (envelope === null) throw new Error(`row ${block.offset(at)} of ${file.key} became a record without an envelope`);
    const failure = envelope.pipeline === FAILURES_PIPELINE;
    const index = failure ? ownIndexOf(prefix, FAILURES_INDEX, envelope.routingTime) : indexNameOf(prefix + pipeline.name, pipeline.index.period, envelope.routingTime);
    return { where: { index, id: envelope.id, file: file.key, rowGroup, row: block.offset(at), day: file.day }, envelope, value: block.value(at), offset: block.offset(at), timestamp: block.timestamp(at) };
  });
}

async function verifyItems(region: string, cluster: SearchAdmin, items: readonly Item[], tally: VerifyTally, parts: VerifyParts, signal: AbortSignal): Promise<void> {
  for (let at = 0; at < items.length; at += PAGE) {
    signal.throwIfAborted();
    const page = items.slice(at, at + PAGE);
    const found = await stored(cluster, page.map(({ where, envelope }) => ({ ...where, whole: isFailure(envelope) || isSampled(where.id, parts.sample) })), signal);
    const lost: Item[] = [];
    for (const [position, item] of page.entries()) if (!judge(item, found[position] ?? null, tally, parts)) lost.push(item);
    await judgeLost(region, cluster, lost, found, page, tally, parts, signal);
  }
}

/** False where the row has left no document, or an older one: it may have failed on the way. */
function judge({ where, envelope, value }: Item, found: Stored | null, tally: VerifyTally, { pipeline, sample }: VerifyParts): boolean {
  if (isFailure(envelope)) {
    if (found === null) return false;
    tally.failed(where, null, failureText(found.source));
    return true;
  }
  const compared = isSampled(where.id, sample);
  const verdict = verdictOf(wantedOf(envelope, value), found, { compared, epochs: pipeline.epoch !== 'off' });
  if (verdict.kind === 'missing' || verdict.kind === 'older') return false;
  tally.add(where, envelope, verdict, compared && verdict.kind !== 'superseded');
  return true;
}

/** Rows that a lane could not index are failures under their coordinates. */
async function judgeLost(region: string, cluster: SearchAdmin, lost: readonly Item[], found: readonly (Stored | null)[], page: readonly Item[], tally: VerifyTally, parts: VerifyParts, signal: AbortSignal): Promise<void> {
  if (lost.length === 0) return;
  const failures = await stored(cluster, lost.map((item) => ({ ...failureOf(region, item, parts), whole: true })), signal);
  for (const [at, { where, envelope, value }] of lost.entries()) {
    const failure = failures[at] ?? null;
    if (failure !== null) tally.failed(where, isFailure(envelope) ? null : envelope.version, failureText(failure.source));
    else if (isFailure(envelope)) tally.add(where, envelope, { kind: 'missing' }, false);
    else tally.add(where, envelope, verdictOf(wantedOf(envelope, value), found[page.indexOf(lost[at] as Item)] ?? null, { compared: false, epochs: false }), false);
  }
}

function failureOf(region: string, { where, offset, timestamp, envelope }: Item, { prefix }: VerifyParts): { index: string; id: string } {
  const lane = backfillLane(region);
  const { id } = failureDocument({
    stage: 'index', lane: lane.name, source: { cluster: lane.source, topic: where.file, partition: where.rowGroup, offset, timestamp },
    error: { type: '', reason: '' }, payload: null, pipeline: envelope.pipeline, batch: null, documentId: null, version: null, index: null, attempts: 0, host: '', origin: null, time: 0,
  });
  return { index: ownIndexOf(prefix, FAILURES_INDEX, timestamp), id };
}

async function stored(cluster: SearchAdmin, wanted: readonly { index: string; id: string; whole: boolean }[], signal: AbortSignal): Promise<(Stored | null)[]> {
  const docs = wanted.map(({ index, id, whole }) => ({ _index: index, _id: id, _source: whole ? true : ['origin', FINGERPRINT] }));
  const { body } = await cluster.call('POST', '/_mget?filter_path=docs._id,docs.found,docs._version,docs._source,docs.error.type,docs.error.reason', { docs }, { timeoutMs: TIMEOUT_MS, signal });
  const answers = (body['docs'] ?? []) as { found?: boolean; _version?: number; _source?: Json; error?: UnreadDocument }[];
  return answers.map(({ found, _version, _source, error }, at) => {
    refuseUnread(`${wanted[at]?.index}/${wanted[at]?.id}`, error);
    return found === true ? { version: _version ?? 0, source: _source ?? {} } : null;
  });
}

async function summed(cluster: SearchAdmin, tally: VerifyTally, parts: VerifyParts): Promise<VerifiedRegion> {
  const indices = [];
  for (const index of indicesOf(parts.plan)) indices.push({ index, documents: await countOf(cluster, index) });
  return { ok: tally.ok, days: tally.days, indices, withoutNewFields: await lacking(cluster, parts), findings: tally.findings };
}

async function countOf(cluster: SearchAdmin, index: string): Promise<number> {
  await cluster.call('POST', `/${index}/_refresh`, undefined, { okStatuses: [404], timeoutMs: TIMEOUT_MS });
  const { status, body } = await cluster.call('GET', `/${index}/_count`, undefined, { okStatuses: [404], timeoutMs: TIMEOUT_MS });
  return status === 404 ? 0 : Number(body['count'] ?? 0);
}

/** What the warehouse has no row for is told, not guessed. */
async function lacking(cluster: SearchAdmin, { plan, case: one }: VerifyParts): Promise<VerifiedRegion['withoutNewFields']> {
  const fields = one.newFields ?? [];
  const result = { documents: 0, ids: [] as string[] };
  if (fields.length === 0) return result;
  const query = { bool: { must_not: [{ term: { deleted: true } }, { term: { 'origin.cycle': plan.cycle } }, { bool: { filter: fields.map((field) => ({ exists: { field } })) } }] } };
  for (const index of indicesOf(plan)) {
    const { status, body } = await cluster.call('POST', `/${index}/_search`, { size: MAX_LISTED - result.ids.length, _source: false, track_total_hits: true, query }, { okStatuses: [404], timeoutMs: TIMEOUT_MS });
    if (status === 404) continue;
    const { total, hits } = body['hits'] as { total: { value: number }; hits: { _id: string }[] };
    result.documents += total.value;
    result.ids.push(...hits.map(({ _id }) => _id));
  }
  return result;
}

function wantedOf({ id, version, operation }: Envelope, value: Buffer | null): Wanted {
  return { id, version, operation, body: () => JSON.parse((value ?? Buffer.from('{}')).toString('utf8')) as Json };
}

function isFailure({ pipeline }: Envelope): boolean {
  return pipeline === FAILURES_PIPELINE;
}

const SAMPLE_RANGE = 2 ** 32;

function isSampled(id: string, sample: number): boolean {
  return sample >= 1 || createHash('sha1').update(id).digest().readUInt32BE() < sample * SAMPLE_RANGE;
}

function failureText(source: Json): string {
  const error = (source['error'] ?? {}) as { type?: string; reason?: string };
  return `${String(source['state'] ?? 'open')} failure at ${String(source['stage'] ?? '')}: ${error.type ?? ''}: ${error.reason ?? ''}`;
}
