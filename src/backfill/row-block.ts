import { ENVELOPE_HEADER } from '../domain/envelope.ts';
import type { IngestRecord } from '../ingest/record.ts';
import type { RecordBlock } from '../ports/record-log.ts';

/** A page holds the bytes of about a thousand records; a larger record has a page of its own. */
const PAGE_BYTES = 1024 * 1024;
const NOTHING = Buffer.alloc(0);

/**
 * The documents of one row group as a lane reads records: the file is the topic, the row group the partition, the row the
 * offset. What is added is copied into pages: the records of a row group, kept as they are, would be ten thousands of small
 * objects for the garbage collector to move about.
 */
export class RowBlock implements RecordBlock {
  readonly topic: string;
  readonly partition: number;
  readonly nextOffset: number;
  readonly highWatermark: number;
  readonly #pages: Buffer[] = [];
  /** Bytes of the last page that are written. */
  #written = 0;
  #count = 0;
  readonly #offsets: Float64Array;
  readonly #timestamps: Float64Array;
  readonly #pageOf: Uint32Array;
  /** Three of each record: where its key begins in the page, where its envelope does, and its value. */
  readonly #starts: Uint32Array;
  readonly #ends: Uint32Array;

  /** `rows`: rows of the group, each of which becomes one record at most. */
  constructor(topic: string, partition: number, rows: number) {
    this.topic = topic;
    this.partition = partition;
    this.nextOffset = rows;
    this.highWatermark = rows;
    this.#offsets = new Float64Array(rows);
    this.#timestamps = new Float64Array(rows);
    this.#pageOf = new Uint32Array(rows);
    this.#starts = new Uint32Array(3 * rows);
    this.#ends = new Uint32Array(rows);
  }

  /** Adds a document or a failure; those of earlier rows come first. */
  add({ sourceOffset, sourceTime, key, headers, value }: IngestRecord): void {
    const [first, second, third] = [key ?? NOTHING, headers?.get(ENVELOPE_HEADER) ?? NOTHING, value ?? NOTHING];
    const page = this.#pageFor(first.length + second.length + third.length);
    const at = this.#count;
    this.#offsets[at] = sourceOffset;
    this.#timestamps[at] = sourceTime;
    this.#pageOf[at] = this.#pages.length - 1;
    this.#starts[3 * at] = this.#write(page, first);
    this.#starts[3 * at + 1] = this.#write(page, second);
    this.#starts[3 * at + 2] = this.#write(page, third);
    this.#ends[at] = this.#written;
    this.#count = at + 1;
  }

  get count(): number { return this.#count; }
  get bytes(): number { return this.#pages.reduce((sum, { length }) => sum + length, 0); }
  offset(index: number): number { return this.#offsets[index] as number; }
  timestamp(index: number): number { return this.#timestamps[index] as number; }
  key(index: number): Buffer { return this.#part(index, 0); }
  value(index: number): Buffer { return this.#part(index, 2); }
  header(index: number, name: string): Buffer | null { return name === ENVELOPE_HEADER ? this.#part(index, 1) : null; }

  #part(index: number, part: number): Buffer {
    const at = 3 * index + part;
    const end = part === 2 ? this.#ends[index] : this.#starts[at + 1];
    return (this.#pages[this.#pageOf[index] as number] as Buffer).subarray(this.#starts[at], end);
  }

  /** Where it begins. */
  #write(page: Buffer, part: Buffer): number {
    const at = this.#written;
    part.copy(page, at);
    this.#written = at + part.length;
    return at;
  }

  #pageFor(bytes: number): Buffer {
    const last = this.#pages.at(-1);
    if (last !== undefined && this.#written + bytes <= last.length) return last;
    const page = Buffer.allocUnsafeSlow(Math.max(PAGE_BYTES, bytes));
    this.#pages.push(page);
    this.#written = 0;
    return page;
  }
}
