import type { SourceEvent } from '../domain/event.ts';
import type { AnyPipeline } from '../domain/pipeline.ts';
import type { Document } from '../domain/document.ts';
import type { Tracing } from '../ports/tracing.ts';
import { isBeat } from '../heartbeat/beat.ts';
import { decode } from './decode.ts';
import { finish } from './document.ts';
import { type EnrichContext, type Enriched, runEnrichers } from './enrich/run-enrichers.ts';
import { errorFacts, type Failed, type FailureContext, failureRecord } from './failure.ts';
import { heartbeatEnd } from './heartbeat.ts';
import type { EventEnd } from './record.ts';

/** A pipeline and the regional topic of its documents. */
export interface Route {
  readonly pipeline: AnyPipeline;
  readonly regionalTopic: string;
}

export interface EventContext extends EnrichContext, FailureContext {
  /** Absent where tracing is off. */
  readonly tracing?: Tracing;
  /** Larger documents become failure records, bytes. */
  readonly maxRecordBytes: number;
}

/**
 * One event from bytes to its end: decode → enrich → document. A promise only where an enricher has to wait.
 * Never throws or rejects: whatever goes wrong is a failure of this event alone.
 */
export function processEvent(route: Route, event: SourceEvent, context: EventContext): EventEnd | Promise<EventEnd> {
  const beat = event.object === undefined && isBeat(event.payload) ? heartbeatEnd(route, event, event.payload, context) : null;
  if (beat !== null) return beat;
  const decoded = decode(route.pipeline, event);
  if (!decoded.ok) return failed(event, context, { stage: 'decode', error: { type: 'decode_error', reason: decoded.problem }, documentId: null, version: null });
  const enriched = runEnrichers(route.pipeline, decoded.event, context);
  if (enriched instanceof Promise) return enriched.then((facts) => toEnd(route, event, decoded.event, facts, context));
  return toEnd(route, event, decoded.event, enriched, context);
}

function toEnd(route: Route, event: SourceEvent, decoded: unknown, enriched: Enriched, context: EventContext): EventEnd {
  if (!enriched.ok) {
    const facts = errorFacts(enriched.error);
    return failed(event, context, { stage: 'enrich', error: { ...facts, reason: `${enriched.enricher}: ${facts.reason}` }, documentId: null, version: null });
  }
  try {
    const document = route.pipeline.toDocument(decoded, enriched.facts);
    return 'skip' in document ? { kind: 'skipped', reason: document.skip } : documentEnd(route, event, document, context);
  } catch (error) {
    return failed(event, context, { stage: 'document', error: errorFacts(error), documentId: null, version: null });
  }
}

function documentEnd({ pipeline, regionalTopic }: Route, event: SourceEvent, document: Document, context: EventContext): EventEnd {
  const { maxRecordBytes, clock } = context;
  const finished = finish(pipeline, document, event, { topic: regionalTopic, ingestTime: clock.now(), maxRecordBytes });
  if (finished.ok) return { kind: 'written', record: finished.record };
  const type = finished.stage === 'produce' ? 'record_too_large' : 'document_invalid';
  const documentId = typeof document.id === 'string' ? document.id : null;
  return failed(event, context, { stage: finished.stage, error: { type, reason: finished.problem }, documentId, version: finished.version });
}

function failed(event: SourceEvent, context: EventContext, facts: Failed): EventEnd {
  return { kind: 'failed', stage: facts.stage, record: failureRecord(event, facts, context.clock.now(), context) };
}
