import { createRecordsBatch } from '@platformatic/kafka';
import type { Compression } from '../../../src/ports/record-log.ts';

/** A record to be encoded, and what is expected back. */
export interface PlainRecord {
  readonly timestamp: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: readonly (readonly [string, Buffer])[];
}

export interface BatchOptions {
  readonly baseOffset: number;
  readonly compression?: Compression;
  readonly transaction?: bigint;
}

const PRODUCER_ID_AT = 43;
const ATTRIBUTES_AT = 21;
const TRANSACTIONAL = 1 << 4;
const CONTROL = 1 << 5;

/** A record batch as a broker stores it, encoded by the library. */
export function encodeBatch(records: readonly PlainRecord[], { baseOffset, compression = 'none', transaction }: BatchOptions): Buffer {
  const messages = records.map(({ timestamp, key, value, headers }) => ({ topic: 't', partition: 0, timestamp: BigInt(timestamp), key, value, headers: new Map(headers.map(([name, bytes]) => [Buffer.from(name), bytes])) }));
  const bytes = Buffer.from(createRecordsBatch(messages as unknown as Parameters<typeof createRecordsBatch>[0], { compression }).buffer);
  bytes.writeBigInt64BE(BigInt(baseOffset), 0);
  if (transaction !== undefined) mark(bytes, TRANSACTIONAL, transaction);
  return bytes;
}

/** The marker that ends a transaction. */
export function encodeMarker(baseOffset: number, producerId: bigint, outcome: 'commit' | 'abort'): Buffer {
  const key = Buffer.from([0, 0, 0, outcome === 'commit' ? 1 : 0]);
  const bytes = encodeBatch([{ timestamp: 0, key, value: Buffer.alloc(6), headers: [] }], { baseOffset });
  return mark(bytes, TRANSACTIONAL | CONTROL, producerId);
}

function mark(bytes: Buffer, attributes: number, producerId: bigint): Buffer {
  bytes.writeInt16BE(bytes.readInt16BE(ATTRIBUTES_AT) | attributes, ATTRIBUTES_AT);
  bytes.writeBigInt64BE(producerId, PRODUCER_ID_AT);
  return bytes;
}
