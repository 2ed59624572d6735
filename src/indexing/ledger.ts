import type { Origin } from '../domain/origin.ts';
import { BATCHES_INDEX, ownIndexOf } from '../domain/system-names.ts';
import type { Batch } from './batch.ts';
import type { Delivery } from './deliver.ts';
import { beatEntries } from './heartbeats.ts';
import type { BookEntry } from './lines-load.ts';

/** Batches that one batch-metadata document may tell of; beyond it a further document is begun. */
const MAX_BATCHES_PER_DOCUMENT = 200;

/** One settled batch, as it is written down. */
export interface BatchRecord {
  readonly id: string;
  readonly startTime: number;
  readonly endTime: number;
  readonly ranges: readonly { topic: string; partition: number; first: number; last: number; records: number }[];
  readonly pipelines: readonly string[];
  /** Without heartbeats: they come however little traffic there is. */
  readonly operations: number;
  readonly bytes: number;
  readonly counts: Counts;
  readonly retried: number;
  readonly requests: number;
  readonly eventTime: { readonly min: number; readonly max: number } | null;
  readonly stages: Stages;
  /** Documents of the heartbeats in it. */
  readonly beats: readonly BookEntry[];
}

interface Counts { readonly applied: number; readonly superseded: number; readonly rejected: number; readonly refused: number }
interface Stages { readonly build_ms: number; readonly queue_ms: number; readonly gate_ms: number; readonly bulk_ms: number; readonly settle_ms: number }

/** Readings of the monotonic clock on a batch's way, ms: a wall clock that jumps would make nonsense of the spans. */
export interface Moments { readonly closed: number; readonly sent: number; readonly delivered: number; readonly settled: number }

export function batchRecord(batch: Batch, delivery: Delivery, moments: Moments, { origin, pipelineOf }: { readonly origin: Origin; readonly pipelineOf: (topic: string) => string }): BatchRecord {
  return {
    id: batch.id,
    startTime: batch.openedAt,
    endTime: batch.openedAt + Math.round(moments.settled - batch.openedTick),
    ranges: batch.tickets.filter((ticket) => ticket.records > 0).map(({ topic, partition, first, next, records }) => ({ topic, partition, first, last: next - 1, records })),
    pipelines: [...new Set(batch.tickets.map((ticket) => pipelineOf(ticket.topic)))],
    operations: batch.count - batch.beats.length,
    bytes: batch.length,
    counts: { applied: delivery.applied, superseded: delivery.superseded, rejected: delivery.rejected.size, refused: batch.refusals.length },
    retried: delivery.retried,
    requests: delivery.requests,
    eventTime: batch.count === 0 ? null : { min: batch.minSourceTime, max: batch.maxSourceTime },
    stages: {
      build_ms: Math.round(moments.closed - batch.openedTick),
      queue_ms: Math.round(moments.sent - moments.closed),
      gate_ms: Math.round(delivery.gateMs),
      bulk_ms: Math.round(delivery.bulkMs),
      settle_ms: Math.round(moments.settled - moments.delivered),
    },
    beats: beatEntries(batch, delivery, moments, origin),
  };
}

export interface LedgerContext {
  readonly prefix: string;
  readonly lane: string;
  readonly cluster: string;
  readonly destination: string;
  readonly host: string;
  readonly hostGroup: string;
  readonly origin: Origin;
}

/**
 * The batch-metadata documents of the batches settled since the last commit: sums on top, every batch with its offset
 * ranges and outcome counts beneath. One document for all keeps a quiet lane (dozens of tiny batches a second) cheap.
 */
export function batchDocuments(records: readonly BatchRecord[], context: LedgerContext): BookEntry[] {
  const entries: BookEntry[] = [];
  for (let at = 0; at < records.length; at += MAX_BATCHES_PER_DOCUMENT) entries.push(batchDocument(records.slice(at, at + MAX_BATCHES_PER_DOCUMENT), context));
  return entries;
}

function batchDocument(records: readonly BatchRecord[], context: LedgerContext): BookEntry {
  const first = records[0] as BatchRecord;
  const start = Math.min(...records.map((record) => record.startTime));
  const end = Math.max(...records.map((record) => record.endTime));
  return {
    index: ownIndexOf(context.prefix, BATCHES_INDEX, end),
    id: first.id,
    version: null,
    body: {
      '@timestamp': new Date(end).toISOString(),
      lane: context.lane,
      source: context.cluster,
      destination: context.destination,
      host: context.host,
      host_group: context.hostGroup,
      pipelines: [...new Set(records.flatMap((record) => record.pipelines))],
      batches: records.map((record) => record.id),
      requests: sum(records, (record) => record.requests),
      ranges: mergeRanges(records),
      operations: sum(records, (record) => record.operations),
      bytes: sum(records, (record) => record.bytes),
      retried: sum(records, (record) => record.retried),
      counts: countsOf(records),
      event_time: eventTimeOf(records),
      start_time: new Date(start).toISOString(),
      end_time: new Date(end).toISOString(),
      duration_ms: end - start,
      stages: stagesOf(records),
      detail: records.map(detailOf),
      origin: context.origin,
    },
  };
}

/** Stretches of one partition that follow each other become one. */
function mergeRanges(records: readonly BatchRecord[]): BatchRecord['ranges'] {
  const merged = new Map<string, { topic: string; partition: number; first: number; last: number; records: number }>();
  for (const range of records.flatMap((record) => record.ranges)) {
    const key = `${range.topic}/${range.partition}`;
    const known = merged.get(key);
    if (known === undefined) merged.set(key, { ...range });
    else {
      known.first = Math.min(known.first, range.first);
      known.last = Math.max(known.last, range.last);
      known.records += range.records;
    }
  }
  return [...merged.values()];
}

function countsOf(records: readonly BatchRecord[]): Counts {
  return {
    applied: sum(records, (record) => record.counts.applied),
    superseded: sum(records, (record) => record.counts.superseded),
    rejected: sum(records, (record) => record.counts.rejected),
    refused: sum(records, (record) => record.counts.refused),
  };
}

function stagesOf(records: readonly BatchRecord[]): Stages {
  return {
    build_ms: sum(records, (record) => record.stages.build_ms),
    queue_ms: sum(records, (record) => record.stages.queue_ms),
    gate_ms: sum(records, (record) => record.stages.gate_ms),
    bulk_ms: sum(records, (record) => record.stages.bulk_ms),
    settle_ms: sum(records, (record) => record.stages.settle_ms),
  };
}

function eventTimeOf(records: readonly BatchRecord[]): { min: string; max: string } | null {
  const spans = records.flatMap((record) => (record.eventTime === null ? [] : [record.eventTime]));
  if (spans.length === 0) return null;
  return { min: new Date(Math.min(...spans.map((span) => span.min))).toISOString(), max: new Date(Math.max(...spans.map((span) => span.max))).toISOString() };
}

function detailOf(record: BatchRecord): Record<string, unknown> {
  const { id, startTime, endTime, ranges, operations, bytes, counts, retried, requests, stages } = record;
  return { id, start_time: new Date(startTime).toISOString(), end_time: new Date(endTime).toISOString(), ranges, operations, bytes, counts, retried, requests, stages };
}

function sum(records: readonly BatchRecord[], value: (record: BatchRecord) => number): number {
  return records.reduce((total, record) => total + value(record), 0);
}
