import { boundedTime } from '../domain/envelope.ts';
import { failureDocument, type FailureFacts } from '../domain/failure.ts';
import type { Origin } from '../domain/origin.ts';
import { FAILURES_INDEX, ownIndexOf } from '../domain/system-names.ts';
import type { Batch, Refusal } from './batch.ts';
import type { Delivery } from './deliver.ts';
import type { BookEntry } from './lines-load.ts';
import type { Flaw } from './precheck.ts';

/** What every failure document of a lane has in common. */
export interface FailureContext {
  readonly prefix: string;
  readonly cluster: string;
  readonly lane: string;
  readonly host: string;
  readonly origin: Origin;
  readonly pipelineOf: (topic: string) => string;
  readonly now: () => number;
}

/** The failure documents of a settled batch: what was refused before sending, and what Elasticsearch rejected. */
export function failuresOf(batch: Batch, delivery: Delivery, context: FailureContext): BookEntry[] {
  const refused = batch.refusals.map((refusal) => entryOf(factsOfRefusal(refusal, batch, context), context.prefix));
  const rejected = [...delivery.rejected].map(([at, flaw]) => entryOf(factsOfRejection(at, flaw, batch, delivery, context), context.prefix));
  return [...refused, ...rejected];
}

function entryOf(facts: FailureFacts, prefix: string): BookEntry {
  const { id, body } = failureDocument(facts);
  return { index: ownIndexOf(prefix, FAILURES_INDEX, boundedTime(facts.source.timestamp)), id, version: facts.time, body };
}

function factsOfRefusal(refusal: Refusal, batch: Batch, context: FailureContext): FailureFacts {
  return {
    ...commonFacts(refusal.stage, refusal.flaw, batch, context),
    payload: refusal.payload,
    pipeline: refusal.pipeline,
    source: { cluster: context.cluster, ...refusal.record },
    documentId: refusal.documentId,
    version: Number.isSafeInteger(refusal.version) ? refusal.version : null,
    index: refusal.index,
    attempts: 0,
  };
}

function factsOfRejection(at: number, flaw: Flaw, batch: Batch, delivery: Delivery, context: FailureContext): FailureFacts {
  const record = batch.recordOf(at);
  const action = JSON.parse(batch.action(at).toString('utf8')) as Record<string, { _index: string; _id: string; version: number }>;
  const meta = Object.values(action)[0];
  return {
    ...commonFacts('index', flaw, batch, context),
    payload: batch.document(at),
    pipeline: context.pipelineOf(record.topic),
    source: { cluster: context.cluster, ...record },
    documentId: meta?._id ?? null,
    version: meta?.version ?? null,
    index: meta?._index ?? null,
    attempts: delivery.attempts.get(at) ?? 1,
  };
}

function commonFacts(stage: FailureFacts['stage'], flaw: Flaw, batch: Batch, context: FailureContext) {
  const stack = new Error(`${flaw.type}: ${flaw.reason}`).stack;
  return { stage, error: { type: flaw.type, reason: flaw.reason, stack }, lane: context.lane, batch: batch.id, host: context.host, origin: context.origin, time: context.now() };
}
