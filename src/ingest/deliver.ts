import { SluiceError } from '../domain/errors.ts';
import type { RecordProducer } from '../ports/record-log.ts';
import { withoutPayload } from './failure.ts';
import type { IngestRecord } from './record.ts';

/** A record with the source partition that it came from. */
export interface Sourced {
  readonly record: IngestRecord;
  readonly topic: string;
  readonly partition: number;
}

/** Makes the failure record that goes in place of one that the region's Kafka finds too large. */
export type Replace = (sourced: Sourced, reason: string) => Promise<IngestRecord>;

/**
 * Sends records in order and resolves when all are acknowledged. Where Kafka finds something too large the send is
 * halved until the record stands alone, and a failure record goes in its place. Rejects as the producer does.
 */
export async function deliver(producer: RecordProducer, records: readonly Sourced[], replace: Replace): Promise<void> {
  try {
    await producer.send(records.map(({ record }) => record));
  } catch (error) {
    if (!isTooLarge(error)) throw error;
    if (records.length === 1) return deliverInstead(producer, records[0] as Sourced, error, replace);
    const middle = records.length >>> 1;
    await deliver(producer, records.slice(0, middle), replace);
    await deliver(producer, records.slice(middle), replace);
  }
}

async function deliverInstead(producer: RecordProducer, sourced: Sourced, error: SluiceError, replace: Replace): Promise<void> {
  const failure = sourced.record.failure ? sourced.record : await replace(sourced, error.message);
  try {
    if (!sourced.record.failure) return await producer.send([failure]);
  } catch (again) {
    if (!isTooLarge(again)) throw again;
  }
  try {
    await producer.send([withoutPayload(failure)]);
  } catch (last) {
    if (!isTooLarge(last)) throw last;
    // Nothing smaller can stand for the record: the region waits until its topic takes it, and nothing is lost.
    throw new SluiceError('KAFKA_REFUSED', `the topic ${failure.topic} does not even take a failure record without payload; raise its max.message.bytes`, { cause: last });
  }
}

function isTooLarge(error: unknown): error is SluiceError {
  return error instanceof SluiceError && error.code === 'KAFKA_RECORD_TOO_LARGE';
}
