/** Layout of a record batch, format 2 (Kafka ≥ 0.11); integers are big-endian. */
const LENGTH_AT = 8;
const MAGIC_AT = 16;
const ATTRIBUTES_AT = 21;
const LAST_OFFSET_DELTA_AT = 23;
const BASE_TIMESTAMP_AT = 27;
const MAX_TIMESTAMP_AT = 35;
const PRODUCER_ID_AT = 43;
const COUNT_AT = 57;
/** Bytes before the first record. */
export const BATCH_HEADER_BYTES = 61;
const LENGTH_FIELD_END = 12;
const COMPRESSION_MASK = 0b111;
const LOG_APPEND_TIME = 1 << 3;
const TRANSACTIONAL = 1 << 4;
const CONTROL = 1 << 5;
export const SUPPORTED_MAGIC = 2;

export interface BatchHeader {
  readonly magic: number;
  readonly baseOffset: number;
  readonly lastOffset: number;
  readonly baseTimestamp: number;
  /** Set where the broker's time of appending replaces the records' own. */
  readonly appendTimestamp: number | null;
  readonly producerId: bigint;
  readonly transactional: boolean;
  readonly control: boolean;
  /** Compression by its number: 0 none, 1 gzip, 2 snappy, 3 lz4, 4 zstd. */
  readonly codec: number;
  readonly count: number;
  /** Where the next batch begins. */
  readonly end: number;
}

/** The batch that begins at `at`, or null where it is cut off: a fetch may end in the middle of its last batch. */
export function readBatchHeader(bytes: Buffer, at: number): BatchHeader | null {
  if (at + BATCH_HEADER_BYTES > bytes.length) return null;
  const end = at + LENGTH_FIELD_END + bytes.readInt32BE(at + LENGTH_AT);
  if (end > bytes.length) return null;
  const attributes = bytes.readInt16BE(at + ATTRIBUTES_AT);
  const baseOffset = readInt64(bytes, at);
  return {
    magic: bytes.readInt8(at + MAGIC_AT),
    baseOffset,
    lastOffset: baseOffset + bytes.readInt32BE(at + LAST_OFFSET_DELTA_AT),
    baseTimestamp: readInt64(bytes, at + BASE_TIMESTAMP_AT),
    appendTimestamp: (attributes & LOG_APPEND_TIME) === 0 ? null : readInt64(bytes, at + MAX_TIMESTAMP_AT),
    producerId: bytes.readBigInt64BE(at + PRODUCER_ID_AT),
    transactional: (attributes & TRANSACTIONAL) !== 0,
    control: (attributes & CONTROL) !== 0,
    codec: attributes & COMPRESSION_MASK,
    count: bytes.readInt32BE(at + COUNT_AT),
    end,
  };
}

/** Exact for what offsets and timestamps can be: below 2^53 in size. */
function readInt64(bytes: Buffer, at: number): number {
  return bytes.readInt32BE(at) * 2 ** 32 + bytes.readUInt32BE(at + 4);
}
