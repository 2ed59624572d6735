import { SluiceError } from '../domain/errors.ts';
import type { SourceEvent } from '../domain/event.ts';
import type { RecordBlock, RecordReader } from '../ports/record-log.ts';
import { eventAt } from './chunks.ts';
import type { Replace, Sourced } from './deliver.ts';
import { failureRecord } from './failure.ts';
import type { EventContext, Route } from './process-event.ts';

const READ_WAIT_MS = 5_000;

/**
 * Makes failure records for what a region's Kafka finds too large: reads the event once more, because its bytes are not
 * kept beside each record. Rejects with `KAFKA_UNAVAILABLE` while the source does not answer.
 */
export function createReplace(openReader: () => RecordReader, routes: ReadonlyMap<string, Route>, context: EventContext): Replace {
  return async (sourced, reason) => {
    const event = await readAgain(openReader(), sourced, routes.get(sourced.topic)?.pipeline.name ?? sourced.topic);
    const facts = { stage: 'produce' as const, error: { type: 'KAFKA_RECORD_TOO_LARGE', reason }, documentId: null, version: null };
    return failureRecord(event, facts, context.clock.now(), context);
  };
}

async function readAgain(reader: RecordReader, { record, topic, partition }: Sourced, pipeline: string): Promise<SourceEvent> {
  try {
    reader.seek({ topic, partition, offset: record.sourceOffset });
    for (const block of await reader.poll({ maxBytes: 1, maxWaitMs: READ_WAIT_MS })) {
      const index = indexOf(block, record.sourceOffset);
      if (index !== null) return eventAt(block, index, pipeline);
      // Retention was faster: what is left are the coordinates.
      if (block.nextOffset > record.sourceOffset) return { pipeline, topic, partition, offset: record.sourceOffset, timestamp: record.sourceTime, key: null, payload: null };
    }
  } finally {
    await reader.close();
  }
  throw new SluiceError('KAFKA_UNAVAILABLE', `offset ${record.sourceOffset} of ${topic}/${partition} could not be read again`);
}

function indexOf(block: RecordBlock, offset: number): number | null {
  for (let index = 0; index < block.count; index++) if (block.offset(index) === offset) return index;
  return null;
}
