import type { OutgoingRecord, RecordBlock } from '../../src/ports/record-log.ts';

/** A record as the memory log keeps it. */
export interface StoredRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly timestamp: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: ReadonlyMap<string, Buffer>;
}

const FRAME_BYTES = 12;

/** Bytes of key, value and headers with their framing. */
export function sizeOf(record: Pick<OutgoingRecord, 'key' | 'value' | 'headers'>): number {
  let size = FRAME_BYTES + (record.key?.length ?? 0) + (record.value?.length ?? 0);
  for (const [name, value] of record.headers ?? []) size += Buffer.byteLength(name) + value.length + 2;
  return size;
}

/** A block over stored records; `highWatermark` is the end of the partition. */
export function memoryBlock(topic: string, partition: number, records: readonly StoredRecord[], nextOffset: number, highWatermark: number): RecordBlock {
  const at = (index: number): StoredRecord => {
    const record = records[index];
    if (record === undefined) throw new RangeError(`record ${index} of ${records.length}`);
    return record;
  };
  return {
    topic, partition, nextOffset, highWatermark,
    count: records.length,
    bytes: records.reduce((sum, record) => sum + sizeOf(record), 0),
    offset: (index) => at(index).offset,
    timestamp: (index) => at(index).timestamp,
    key: (index) => at(index).key,
    value: (index) => at(index).value,
    header: (index, name) => at(index).headers.get(name) ?? null,
  };
}
