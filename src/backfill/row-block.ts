import { ENVELOPE_HEADER } from '../domain/envelope.ts';
import type { IngestRecord } from '../ingest/record.ts';
import type { RecordBlock } from '../ports/record-log.ts';

/** The documents of one row group as a lane reads records: the file is the topic, the row group the partition, the row the offset. */
export class RowBlock implements RecordBlock {
  readonly topic: string;
  readonly partition: number;
  readonly nextOffset: number;
  readonly highWatermark: number;
  readonly bytes: number;
  readonly #records: readonly IngestRecord[];

  /** `rows`: rows of the group; `records` are those that became documents or failures, in order. */
  constructor(topic: string, partition: number, rows: number, records: readonly IngestRecord[]) {
    this.topic = topic;
    this.partition = partition;
    this.nextOffset = rows;
    this.highWatermark = rows;
    this.bytes = records.reduce((sum, record) => sum + record.bytes, 0);
    this.#records = records;
  }

  get count(): number { return this.#records.length; }
  offset(index: number): number { return this.#at(index).sourceOffset; }
  timestamp(index: number): number { return this.#at(index).sourceTime; }
  key(index: number): Buffer | null { return this.#at(index).key; }
  value(index: number): Buffer | null { return this.#at(index).value; }
  header(index: number, name: string): Buffer | null { return name === ENVELOPE_HEADER ? (this.#at(index).headers?.get(name) ?? null) : null; }

  #at(index: number): IngestRecord {
    return this.#records[index] as IngestRecord;
  }
}
