import { setImmediate as breathe } from 'node:timers/promises';
import type { SourceEvent } from '../domain/event.ts';
import { rawJson } from '../domain/exact-json.ts';
import type { AnyPipeline } from '../domain/pipeline.ts';
import { errorFacts, failureRecord } from '../ingest/failure.ts';
import { processEvent, type EventContext } from '../ingest/process-event.ts';
import type { EventEnd, IngestRecord } from '../ingest/record.ts';
import type { BackfillCase, Row } from './case.ts';
import type { Group } from './manifest.ts';
import { RowBlock } from './row-block.ts';

/** Rows converted before other work gets its turn. */
const SLICE_ROWS = 1_000;

export interface ConvertParts {
  readonly case: BackfillCase;
  readonly pipeline: AnyPipeline;
  /** Epoch of the written versions; null where the pipeline switched epochs off. */
  readonly epoch: number | null;
  /** Stands as the time of every row: the same extract gives the same failures, whenever it is loaded. */
  readonly extractedAt: number;
  readonly context: EventContext;
}

/** Makes documents of a row group through ingest's own conversion; a row that cannot be one becomes its failure, alone. */
export async function convertRows(rows: readonly Row[], group: Group, parts: ConvertParts): Promise<RowBlock> {
  const records: IngestRecord[] = [];
  for (let at = 0; at < rows.length; at += SLICE_ROWS) {
    const ends = await Promise.all(rows.slice(at, at + SLICE_ROWS).map(async (row, index) => convertRow(row, at + index, group, parts)));
    for (const end of ends) if (end.kind !== 'skipped') records.push(end.record);
    await breathe();
  }
  return new RowBlock(group.file.key, group.index, rows.length, records);
}

function convertRow(row: Row, offset: number, group: Group, { case: one, pipeline, epoch, extractedAt, context }: ConvertParts): EventEnd | Promise<EventEnd> {
  const where = { pipeline: pipeline.name, topic: group.file.key, partition: group.index, offset, timestamp: extractedAt, key: null };
  try {
    const event: SourceEvent = { ...where, payload: jsonBytes(one.event(row)) };
    return processEvent({ pipeline: pipelineOfRow(pipeline, one, epoch, row), regionalTopic: group.file.key }, event, context);
  } catch (error) {
    const event: SourceEvent = { ...where, payload: jsonBytes(row) };
    return { kind: 'failed', stage: 'decode', record: failureRecord(event, { stage: 'decode', error: errorFacts(error), documentId: null, version: null }, context.clock.now(), context) };
  }
}

/** The pipeline at a cycle's epoch, with the case's own fields added to this row's document; a tombstone gets none. */
export function pipelineOfRow(pipeline: AnyPipeline, { fields }: BackfillCase, epoch: number | null, row: Row): AnyPipeline {
  const revised: AnyPipeline = { ...pipeline, epoch: epoch ?? 'off' };
  if (fields === undefined) return revised;
  return {
    ...revised,
    toDocument: (event, facts) => {
      const document = pipeline.toDocument(event, facts);
      return 'skip' in document || document.deleted ? document : { ...document, body: { ...document.body, ...fields(row) } };
    },
  };
}

/** JSON with every digit of an integer, however large. */
export function jsonBytes(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value, (_, inner: unknown) => (typeof inner === 'bigint' ? rawJson(String(inner)) : inner)));
}
