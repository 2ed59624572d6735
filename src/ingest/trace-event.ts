import type { SourceEvent } from '../domain/event.ts';
import { TRACE_HEADER } from '../domain/trace-header.ts';
import type { RecordBlock } from '../ports/record-log.ts';
import type { Span, Tracing } from '../ports/tracing.ts';
import type { EventEnd, IngestRecord } from './record.ts';

/** A span over what becomes of one event, where its trace is kept: as the event's own `traceparent` says, else by chance. */
export function beginEvent(tracing: Tracing, block: RecordBlock, index: number, event: SourceEvent): Span | null {
  return tracing.start({
    name: `ingest ${event.pipeline}`, kind: 'consumer',
    parent: block.header(index, TRACE_HEADER)?.toString('latin1') ?? null,
    facts: { 'messaging.system': 'kafka', 'messaging.destination.name': event.topic, 'messaging.destination.partition.id': String(event.partition), 'messaging.kafka.offset': event.offset },
  });
}

/** Ends the span with the event, and lets the record carry the trace on to the lanes. */
export function endEvent(span: Span, end: EventEnd): EventEnd {
  span.end(end.kind === 'failed' ? `failed at ${end.stage}` : null);
  return end.kind === 'skipped' ? end : { ...end, record: withTrace(end.record, span.traceparent) };
}

function withTrace(record: IngestRecord, traceparent: string): IngestRecord {
  const value = Buffer.from(traceparent, 'latin1');
  return { ...record, headers: new Map([...(record.headers ?? []), [TRACE_HEADER, value]]), bytes: record.bytes + TRACE_HEADER.length + value.length };
}

/** Spans over the sending of the traced ones among some records to a region; what is returned ends them. */
export function beginProduce(tracing: Tracing, region: string, records: readonly IngestRecord[]): (problem: string | null) => void {
  const spans = records.flatMap((record) => {
    const parent = record.headers?.get(TRACE_HEADER)?.toString('latin1');
    if (parent === undefined) return [];
    return tracing.start({ name: `produce ${region}`, kind: 'producer', parent, facts: { 'messaging.system': 'kafka', 'messaging.destination.name': record.topic, 'sluice.region': region } }) ?? [];
  });
  return (problem) => { for (const span of spans) span.end(problem); };
}
