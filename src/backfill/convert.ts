import { setImmediate as breathe } from 'node:timers/promises';
import type { SourceEvent } from '../domain/event.ts';
import { rawJson } from '../domain/exact-json.ts';
import type { AnyPipeline } from '../domain/pipeline.ts';
import { errorFacts, failureRecord } from '../ingest/failure.ts';
import { processEvent, type EventContext } from '../ingest/process-event.ts';
import type { EventEnd } from '../ingest/record.ts';
import type { BackfillCase, Row, Rows } from './case.ts';
import type { Group } from './manifest.ts';
import { RowBlock } from './row-block.ts';

/** Rows converted before other work gets its turn. */
const SLICE_ROWS = 500;

export interface ConvertParts {
  readonly case: BackfillCase;
  /** At the cycle's epoch. */
  readonly pipeline: AnyPipeline;
  /** Stands as the time of every row: the same extract gives the same failures, whenever it is loaded. */
  readonly extractedAt: number;
  readonly context: EventContext;
}

/** Makes documents of a row group through ingest's own conversion; a row that cannot be one becomes its failure, alone. */
export async function convertRows(rows: Rows, group: Group, parts: ConvertParts): Promise<RowBlock> {
  const block = new RowBlock(group.file.key, group.index, rows.length);
  for (let at = 0; at < rows.length; at += SLICE_ROWS) {
    const ends: (EventEnd | Promise<EventEnd>)[] = [];
    for (let offset = at; offset < Math.min(at + SLICE_ROWS, rows.length); offset += 1) ends.push(convertRow(rows.at(offset) as Row, offset, group, parts));
    // Waited for only where a lookup has to be fetched.
    for (const pending of ends) {
      const end = pending instanceof Promise ? await pending : pending;
      if (end.kind !== 'skipped') block.add(end.record);
    }
    await breathe();
  }
  return block;
}

function convertRow(row: Row, offset: number, group: Group, { case: one, pipeline, extractedAt, context }: ConvertParts): EventEnd | Promise<EventEnd> {
  const where = { pipeline: pipeline.name, topic: group.file.key, partition: group.index, offset, timestamp: extractedAt };
  let event: RowEvent;
  try {
    event = new RowEvent(where, one.event(row));
  } catch (error) {
    return { kind: 'failed', stage: 'decode', record: failureRecord(new RowEvent(where, row), { stage: 'decode', error: errorFacts(error), documentId: null, version: null }, context.clock.now(), context) };
  }
  return processEvent({ pipeline: pipelineOfRow(pipeline, one, row), regionalTopic: group.file.key }, event, context);
}

/** A row as an event: its text is made only where a failure needs it. */
class RowEvent implements SourceEvent {
  readonly pipeline: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly timestamp: number;
  readonly key = null;
  readonly object: Readonly<Record<string, unknown>>;

  constructor({ pipeline, topic, partition, offset, timestamp }: Omit<SourceEvent, 'key' | 'payload' | 'object'>, object: Readonly<Record<string, unknown>>) {
    this.pipeline = pipeline;
    this.topic = topic;
    this.partition = partition;
    this.offset = offset;
    this.timestamp = timestamp;
    this.object = object;
  }

  get payload(): Buffer { return jsonBytes(this.object); }
}

/** The pipeline at a cycle's epoch; null where it switched epochs off. */
export function pipelineAt(pipeline: AnyPipeline, epoch: number | null): AnyPipeline {
  return { ...pipeline, epoch: epoch ?? 'off' };
}

/** The pipeline with the case's own fields added to this row's document; a tombstone gets none. */
export function pipelineOfRow(pipeline: AnyPipeline, { fields }: BackfillCase, row: Row): AnyPipeline {
  if (fields === undefined) return pipeline;
  return {
    ...pipeline,
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
