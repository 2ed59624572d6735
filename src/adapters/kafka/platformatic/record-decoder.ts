import { compressionsAlgorithmsByBitmask } from '@platformatic/kafka';
import { SluiceError } from '../../../domain/errors.ts';
import type { RecordBlock } from '../../../ports/record-log.ts';
import { BATCH_HEADER_BYTES, type BatchHeader, readBatchHeader, SUPPORTED_MAGIC } from './batch-header.ts';
import { FetchedBlock, HEADERS_AT, KEY_AT, KEY_LENGTH, LAYOUT_FIELDS, SOURCE, VALUE_AT, VALUE_LENGTH } from './fetched-block.ts';
import { readVarint, seekTo, tell } from './varint.ts';

export interface AbortedTransaction {
  readonly producerId: bigint;
  readonly firstOffset: number;
}

/** One partition's share of a fetch response. */
export interface FetchedRecords {
  readonly topic: string;
  readonly partition: number;
  /** Record batches, as on the broker's disk; the last may be cut off. */
  readonly bytes: Buffer;
  readonly fetchOffset: number;
  readonly highWatermark: number;
  readonly aborted: readonly AbortedTransaction[];
}

const FIRST_CAPACITY = 64;
/** The smallest record: the count comes from the wire, and what cannot be there must not cost memory. */
const MIN_RECORD_BYTES = 7;
/** A control record's key is version (i16) and type (i16); type 0 ends an aborted transaction. */
const CONTROL_TYPE_AT = 2;
const CONTROL_ABORT = 0;

/** A batch whose records are being handed out: `at` is the next record in `source`. */
interface OpenBatch {
  readonly header: BatchHeader;
  readonly source: Buffer;
  readonly end: number;
  at: number;
  left: number;
}

/**
 * Turns fetched bytes into blocks, as much at a time as the caller has room for: what does not fit stays compressed.
 * Checksums are not verified: TCP and the broker have both checked them, and it would cost more than the decoding.
 */
export class RecordDecoder {
  readonly #fetched: FetchedRecords;
  readonly #aborted: AbortedTransaction[];
  readonly #abortedProducers = new Set<bigint>();
  #rawAt = 0;
  #open: OpenBatch | null = null;
  #nextOffset: number;

  // The block being filled.
  #sources: Buffer[] = [];
  #layout = new Int32Array(0);
  #numbers = new Float64Array(0);
  #count = 0;
  #bytes = 0;
  #spare = false;
  /** Why what comes next cannot be read: told once everything before it is handed out. */
  #failure: Error | null = null;

  constructor(fetched: FetchedRecords) {
    this.#fetched = fetched;
    this.#nextOffset = fetched.fetchOffset;
    this.#aborted = [...fetched.aborted].sort((a, b) => a.firstOffset - b.firstOffset);
  }

  /** Memory held for what has not been handed out, in bytes. */
  get heldBytes(): number {
    const open = this.#open;
    const inflated = open !== null && open.source !== this.#fetched.bytes ? open.source.length - open.at : 0;
    return this.#fetched.bytes.length - this.#rawAt + inflated;
  }

  /** First offset that `take` has not handed out or skipped. */
  get nextOffset(): number { return this.#nextOffset; }

  /** True when all is handed out. */
  get exhausted(): boolean { return this.#failure === null && this.#open === null && this.#rawAt >= this.#fetched.bytes.length; }

  /**
   * The next records, up to `maxBytes` of them; null where none fits. With `atLeastOne`, one larger record comes alone.
   * Throws SluiceError `KAFKA_UNREADABLE` where the next record cannot be read; `nextOffset` then is where reading stopped.
   */
  take(maxBytes: number, atLeastOne: boolean): RecordBlock | null {
    if (this.#failure !== null) throw this.#failure;
    const from = this.#nextOffset;
    this.#spare = atLeastOne;
    this.#sources = [];
    this.#count = this.#bytes = 0;
    try {
      this.#fill(maxBytes);
    } catch (error) {
      if (this.#nextOffset === from || !(error instanceof Error)) throw error;
      this.#failure = error;
    }
    return this.#nextOffset === from ? null : this.#finish();
  }

  #fill(maxBytes: number): void {
    for (;;) {
      // Full already: the next batch stays compressed.
      if (this.#open === null && this.#bytes >= maxBytes && !(this.#spare && this.#count === 0)) break;
      const open = this.#open ?? this.#openNext();
      if (open === null) break;
      if (!this.#decode(open, maxBytes)) break;
      this.#open = null;
      this.#nextOffset = open.header.lastOffset + 1;
    }
  }

  #finish(): RecordBlock {
    const { topic, partition, highWatermark } = this.#fetched;
    const layout = { sources: this.#sources, layout: this.#layout, numbers: this.#numbers };
    const block = new FetchedBlock({ topic, partition, count: this.#count, bytes: this.#bytes, nextOffset: this.#nextOffset, highWatermark }, layout);
    this.#sources = [];
    this.#layout = new Int32Array(0);
    this.#numbers = new Float64Array(0);
    return block;
  }

  /** The next batch with records to hand out; batches without are stepped over. */
  #openNext(): OpenBatch | null {
    for (;;) {
      const at = this.#rawAt;
      const header = readBatchHeader(this.#fetched.bytes, at);
      if (header === null) {
        this.#rawAt = this.#fetched.bytes.length;
        return null;
      }
      this.#rawAt = header.end;
      if (header.magic !== SUPPORTED_MAGIC) throw this.#corrupt(header, `record format ${header.magic} is not supported (older than Kafka 0.11)`);
      if (header.lastOffset < this.#nextOffset) continue;
      if (!this.#isSkipped(header, at)) return (this.#open = this.#openBatch(header, at));
      this.#nextOffset = header.lastOffset + 1;
    }
  }

  #openBatch(header: BatchHeader, at: number): OpenBatch {
    const start = at + BATCH_HEADER_BYTES;
    if (header.codec === 0) return { header, source: this.#fetched.bytes, at: start, end: header.end, left: header.count };
    const source = this.#inflate(header, this.#fetched.bytes.subarray(start, header.end));
    return { header, source, at: 0, end: source.length, left: header.count };
  }

  #inflate(header: BatchHeader, compressed: Buffer): Buffer {
    const algorithm = compressionsAlgorithmsByBitmask[header.codec as keyof typeof compressionsAlgorithmsByBitmask];
    if (algorithm === undefined) throw this.#corrupt(header, `compression ${header.codec} is not known`);
    try {
      return algorithm.decompressSync(compressed);
    } catch (cause) {
      throw this.#corrupt(header, 'the batch cannot be decompressed', cause);
    }
  }

  /** Control batches, and those of transactions that were aborted. */
  #isSkipped(header: BatchHeader, at: number): boolean {
    while (this.#aborted.length > 0 && (this.#aborted[0] as AbortedTransaction).firstOffset <= header.lastOffset) {
      this.#abortedProducers.add((this.#aborted.shift() as AbortedTransaction).producerId);
    }
    if (header.control) {
      if (header.count > 0 && this.#controlType(at) === CONTROL_ABORT) this.#abortedProducers.delete(header.producerId);
      return true;
    }
    return header.transactional && this.#abortedProducers.has(header.producerId);
  }

  #controlType(at: number): number {
    const { bytes } = this.#fetched;
    seekTo(at + BATCH_HEADER_BYTES);
    readVarint(bytes);
    seekTo(tell() + 1);
    readVarint(bytes);
    readVarint(bytes);
    readVarint(bytes);
    return bytes.readInt16BE(tell() + CONTROL_TYPE_AT);
  }

  /** Decodes records until the batch ends (true) or the room does (false). */
  #decode(open: OpenBatch, maxBytes: number): boolean {
    const { header, source, end } = open;
    const sourceIndex = this.#sources.push(source) - 1;
    const first = this.#nextOffset;
    while (open.left > 0) {
      seekTo(open.at);
      const length = readVarint(source);
      const bodyAt = tell();
      const recordEnd = bodyAt + length;
      if (length < 0 || recordEnd > end) throw this.#corrupt(header, 'a record is longer than its batch');
      if (this.#bytes + recordEnd - open.at > maxBytes && !(this.#spare && this.#count === 0)) {
        if (this.#nextOffset === first) this.#sources.pop();
        return false;
      }
      seekTo(bodyAt + 1);
      const timestamp = header.baseTimestamp + readVarint(source);
      const offset = header.baseOffset + readVarint(source);
      if (offset >= first) {
        this.#append(open, sourceIndex, recordEnd);
        const at = this.#count++ * 2;
        this.#numbers[at] = offset;
        this.#numbers[at + 1] = header.appendTimestamp ?? timestamp;
        this.#bytes += recordEnd - open.at;
        this.#nextOffset = offset + 1;
      }
      open.at = recordEnd;
      open.left -= 1;
    }
    return true;
  }

  /** Notes where key, value and headers of the record under the cursor lie. */
  #append({ source, header, left }: OpenBatch, sourceIndex: number, recordEnd: number): void {
    if (this.#count * LAYOUT_FIELDS === this.#layout.length) this.#grow(Math.min(left, Math.ceil(source.length / MIN_RECORD_BYTES)));
    const layout = this.#layout;
    const at = this.#count * LAYOUT_FIELDS;
    const keyLength = readVarint(source);
    const keyAt = tell();
    if (keyLength > 0) seekTo(keyAt + keyLength);
    const valueLength = readVarint(source);
    const valueAt = tell();
    const headersAt = valueLength > 0 ? valueAt + valueLength : valueAt;
    if (headersAt >= recordEnd) throw this.#corrupt(header, 'a field is longer than its record');
    layout[at + SOURCE] = sourceIndex;
    layout[at + KEY_AT] = keyAt;
    layout[at + KEY_LENGTH] = keyLength;
    layout[at + VALUE_AT] = valueAt;
    layout[at + VALUE_LENGTH] = valueLength;
    layout[at + HEADERS_AT] = headersAt;
  }

  #grow(expected: number): void {
    const capacity = Math.max(this.#count * 2, FIRST_CAPACITY, this.#count + expected);
    const layout = new Int32Array(capacity * LAYOUT_FIELDS);
    layout.set(this.#layout);
    const numbers = new Float64Array(capacity * 2);
    numbers.set(this.#numbers);
    this.#layout = layout;
    this.#numbers = numbers;
  }

  #corrupt(header: BatchHeader, reason: string, cause?: unknown): SluiceError {
    const { topic, partition } = this.#fetched;
    return new SluiceError('KAFKA_UNREADABLE', `${topic}/${partition} at offset ${header.baseOffset} cannot be read: ${reason}`, { cause, details: { topic, partition, offset: header.baseOffset } });
  }
}
