import type { RecordBlock } from '../../../ports/record-log.ts';
import { readVarint, seekTo, tell } from './varint.ts';

/** Integers kept per record. */
export const LAYOUT_FIELDS = 6;
export const SOURCE = 0;
export const KEY_AT = 1;
export const KEY_LENGTH = 2;
export const VALUE_AT = 3;
export const VALUE_LENGTH = 4;
export const HEADERS_AT = 5;

/** Where the records of a block lie: filled by the decoder in one pass, without an object per record. */
export interface BlockLayout {
  /** Buffers that hold the records; one per compressed batch. */
  readonly sources: readonly Buffer[];
  /** `LAYOUT_FIELDS` integers per record; a length of -1 is null. */
  readonly layout: Int32Array;
  /** Offset and timestamp per record. */
  readonly numbers: Float64Array;
}

export interface BlockFacts {
  readonly topic: string;
  readonly partition: number;
  readonly count: number;
  readonly bytes: number;
  readonly nextOffset: number;
  readonly highWatermark: number;
}

/** Records as they came over the wire; accessors make views on demand. */
export class FetchedBlock implements RecordBlock {
  readonly topic: string;
  readonly partition: number;
  readonly count: number;
  readonly bytes: number;
  readonly nextOffset: number;
  readonly highWatermark: number;
  readonly #sources: readonly Buffer[];
  readonly #layout: Int32Array;
  readonly #numbers: Float64Array;

  constructor(facts: BlockFacts, { sources, layout, numbers }: BlockLayout) {
    this.topic = facts.topic;
    this.partition = facts.partition;
    this.count = facts.count;
    this.bytes = facts.bytes;
    this.nextOffset = facts.nextOffset;
    this.highWatermark = facts.highWatermark;
    this.#sources = sources;
    this.#layout = layout;
    this.#numbers = numbers;
  }

  offset(index: number): number { return this.#numbers[this.#check(index) * 2] as number; }
  timestamp(index: number): number { return this.#numbers[this.#check(index) * 2 + 1] as number; }
  key(index: number): Buffer | null { return this.#view(index, KEY_AT); }
  value(index: number): Buffer | null { return this.#view(index, VALUE_AT); }

  header(index: number, name: string): Buffer | null {
    const at = this.#check(index) * LAYOUT_FIELDS;
    return headerOf(this.#sources[this.#layout[at + SOURCE] as number] as Buffer, this.#layout[at + HEADERS_AT] as number, nameBytes(name));
  }

  #view(index: number, field: number): Buffer | null {
    const at = this.#check(index) * LAYOUT_FIELDS;
    const length = this.#layout[at + field + 1] as number;
    if (length < 0) return null;
    const start = this.#layout[at + field] as number;
    return (this.#sources[this.#layout[at + SOURCE] as number] as Buffer).subarray(start, start + length);
  }

  #check(index: number): number {
    if (index < 0 || index >= this.count) throw new RangeError(`record ${index} of ${this.count}`);
    return index;
  }
}

function headerOf(bytes: Buffer, at: number, name: Buffer): Buffer | null {
  seekTo(at);
  for (let left = readVarint(bytes); left > 0; left--) {
    const nameLength = readVarint(bytes);
    const nameAt = tell();
    seekTo(nameAt + nameLength);
    const length = readVarint(bytes);
    const valueAt = tell();
    if (nameLength === name.length && standsAt(bytes, nameAt, name)) {
      return length < 0 ? null : bytes.subarray(valueAt, valueAt + length);
    }
    seekTo(valueAt + Math.max(length, 0));
  }
  return null;
}

/** For a few bytes a loop is several times faster than a call into the engine. */
function standsAt(bytes: Buffer, at: number, expected: Buffer): boolean {
  for (let index = 0; index < expected.length; index++) if (bytes[at + index] !== expected[index]) return false;
  return true;
}

let lastName = '';
let lastBytes = Buffer.alloc(0);

/** The hot path asks for one name over and over: encode it once. */
function nameBytes(name: string): Buffer {
  if (name !== lastName) {
    lastBytes = Buffer.from(name);
    lastName = name;
  }
  return lastBytes;
}
