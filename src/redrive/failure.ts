import { z } from 'zod';
import type { Stage } from '../domain/failure.ts';
import { SluiceError } from '../domain/errors.ts';
import type { Json } from '../ports/search-index.ts';

/** Life of a failure: open → redriving (claimed by a run) → redriven, or open again; open → discarded. */
export const FAILURE_STATES = ['open', 'redriving', 'redriven', 'discarded'] as const;
export type FailureState = (typeof FAILURE_STATES)[number];
export const STAGES: readonly Stage[] = ['decode', 'enrich', 'document', 'produce', 'envelope', 'precheck', 'index'];

/** What failed: the source's event on its way through ingest, or a finished document on its way into an index. */
export type FailureKind = 'event' | 'document';

/** One thing that was done about a failure, or came of it. */
export interface HistoryEntry {
  /** ISO 8601. */
  readonly at: string;
  readonly by: string;
  readonly action: 'claim' | 'redrive' | 'discard' | 'release';
  readonly outcome: string;
}

/** A failure document as it stands in one region's failure index. */
export interface Failure {
  readonly region: string;
  readonly index: string;
  readonly id: string;
  /** Position of the document's last change, for optimistic concurrency. */
  readonly seqNo: number;
  readonly primaryTerm: number;
  readonly at: string;
  readonly state: FailureState;
  readonly stage: Stage;
  readonly kind: FailureKind;
  readonly pipeline: string;
  readonly error: { readonly type: string; readonly reason: string };
  readonly payload: string | null;
  readonly payloadEncoding: 'utf8' | 'base64' | 'none';
  readonly payloadBytes: number;
  readonly payloadTruncated: boolean;
  readonly source: { readonly cluster: string; readonly topic: string; readonly partition: number; readonly offset: number; readonly timestamp: number };
  readonly lane: string | null;
  readonly batch: string | null;
  readonly documentId: string | null;
  readonly version: number | null;
  /** Index that the document was meant for; null where it was not known. */
  readonly targetIndex: string | null;
  /** The backfill cycle that it failed in; null for live traffic. */
  readonly cycle: string | null;
  readonly history: readonly HistoryEntry[];
}

const DOCUMENT_STAGES: ReadonlySet<Stage> = new Set<Stage>(['envelope', 'precheck', 'index']);

const historyEntry = z.object({ at: z.string(), by: z.string(), action: z.enum(['claim', 'redrive', 'discard', 'release']), outcome: z.string() });
const failureSource = z.object({
  '@timestamp': z.string(),
  state: z.enum(FAILURE_STATES).default('open'),
  stage: z.enum(['decode', 'enrich', 'document', 'produce', 'envelope', 'precheck', 'index']),
  pipeline: z.string(),
  error: z.object({ type: z.string(), reason: z.string() }),
  payload: z.string().nullish(),
  payload_encoding: z.enum(['utf8', 'base64', 'none']).default('none'),
  payload_bytes: z.number().default(0),
  payload_truncated: z.boolean().default(false),
  source: z.object({ cluster: z.string(), topic: z.string(), partition: z.int(), offset: z.int(), timestamp: z.string() }),
  lane: z.string().nullish(),
  batch: z.string().nullish(),
  document_id: z.string().nullish(),
  version: z.int().nullish(),
  index: z.string().nullish(),
  origin: z.object({ cycle: z.string().nullish() }).nullish(),
  history: z.array(historyEntry).nullish(),
});

/** A search hit or an answer of `_mget`, with the document's sequence number. */
export interface StoredHit {
  readonly _index: string;
  readonly _id: string;
  readonly _seq_no?: number;
  readonly _primary_term?: number;
  readonly _source: Json;
}

/** Reads a stored failure document; throws INPUT_INVALID where it is none. The payload is null when it was not asked for. */
export function failureOf(region: string, hit: StoredHit): Failure {
  const parsed = failureSource.safeParse(hit._source);
  if (!parsed.success) throw new SluiceError('INPUT_INVALID', `${hit._index}/${hit._id} is no failure document: ${z.prettifyError(parsed.error)}`);
  const { data } = parsed;
  return {
    region, index: hit._index, id: hit._id, seqNo: hit._seq_no ?? -1, primaryTerm: hit._primary_term ?? -1,
    at: data['@timestamp'], state: data.state, stage: data.stage, kind: kindOf(data.stage), pipeline: data.pipeline, error: data.error,
    payload: data.payload ?? null, payloadEncoding: data.payload_encoding, payloadBytes: data.payload_bytes, payloadTruncated: data.payload_truncated,
    source: { ...data.source, timestamp: Date.parse(data.source.timestamp) },
    lane: data.lane ?? null, batch: data.batch ?? null, documentId: data.document_id ?? null, version: data.version ?? null, targetIndex: data.index ?? null, cycle: data.origin?.cycle ?? null,
    history: data.history ?? [],
  };
}

/** Which way a failure of this stage goes back in. */
export function kindOf(stage: Stage): FailureKind {
  return DOCUMENT_STAGES.has(stage) ? 'document' : 'event';
}

/** The failed bytes; null where there were none. */
export function payloadOf({ payload, payloadEncoding }: Pick<Failure, 'payload' | 'payloadEncoding'>): Buffer | null {
  return payload === null || payloadEncoding === 'none' ? null : Buffer.from(payload, payloadEncoding);
}

/** An operation that Elasticsearch refused and that carried no document was a delete. */
export function isDelete({ stage, payloadBytes }: Pick<Failure, 'stage' | 'payloadBytes'>): boolean {
  return stage === 'index' && payloadBytes === 0;
}
