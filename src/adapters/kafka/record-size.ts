import type { OutgoingRecord } from '../../ports/record-log.ts';

/** Upper bound of a record's framing in a batch: lengths, attributes, deltas. */
const FRAME_BYTES = 32;
const HEADER_FRAME_BYTES = 10;
/** Most bytes of one batch to one partition: below `max.message.bytes` as brokers set it by default (1,048,588). */
export const MAX_BATCH_BYTES = 900_000;

/** Bytes that a record takes in a batch, at most, before compression. */
export function sizeInBatch(record: OutgoingRecord): number {
  let size = FRAME_BYTES + (record.key?.length ?? 0) + (record.value?.length ?? 0);
  if (record.headers !== undefined) {
    for (const [name, value] of record.headers) size += HEADER_FRAME_BYTES + Buffer.byteLength(name) + value.length;
  }
  return size;
}
