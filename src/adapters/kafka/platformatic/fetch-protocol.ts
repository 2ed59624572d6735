import { type Connection, type Reader, Writer } from '@platformatic/kafka';
import type { AbortedTransaction } from './record-decoder.ts';

export const FETCH_API = 1;
/** Topic ids instead of names came with 13 (Kafka 3.1). */
export const FETCH_LOWEST = 13;
export const FETCH_HIGHEST = 17;
const FIRST_WITHOUT_REPLICA_ID = 15;
const READ_COMMITTED = 1;
/** Sessions spare the broker re-reading of long partition lists; ours are short and change. */
const NO_SESSION = 0;
const NO_SESSION_EPOCH = -1;

export interface FetchRequest {
  readonly maxWaitMs: number;
  /** The broker answers as soon as it has so much. */
  readonly minBytes: number;
  readonly maxBytes: number;
  readonly partitionMaxBytes: number;
  readonly topics: readonly { readonly topicId: string; readonly partitions: readonly { readonly partition: number; readonly offset: number }[] }[];
}

export interface FetchedPartition {
  readonly topicId: string;
  readonly partition: number;
  /** Kafka's error number; 0 is none. */
  readonly errorCode: number;
  readonly highWatermark: number;
  readonly aborted: readonly AbortedTransaction[];
  /** Record batches, undecoded. */
  readonly bytes: Buffer;
}

export interface FetchResponse {
  readonly errorCode: number;
  readonly throttleMs: number;
  readonly partitions: readonly FetchedPartition[];
}

/** Sends one fetch and keeps the records as bytes: the library's own parser makes several objects of each. */
export function sendFetch(connection: Connection, version: number, request: FetchRequest): Promise<FetchResponse> {
  return new Promise((resolve, reject) => {
    const parse = (_correlationId: number, _key: number, _version: number, reader: Reader) => parseResponse(reader);
    connection.send<FetchResponse>(FETCH_API, version, () => createRequest(version, request), parse, true, true, (error, response) => (error ? reject(error) : resolve(response as FetchResponse)));
  });
}

function createRequest(version: number, request: FetchRequest): Writer {
  const writer = Writer.create();
  if (version < FIRST_WITHOUT_REPLICA_ID) writer.appendInt32(-1);
  return writer
    .appendInt32(request.maxWaitMs)
    .appendInt32(request.minBytes)
    .appendInt32(request.maxBytes)
    .appendInt8(READ_COMMITTED)
    .appendInt32(NO_SESSION)
    .appendInt32(NO_SESSION_EPOCH)
    .appendArray([...request.topics], (topics, { topicId, partitions }) => {
      topics.appendUUID(topicId).appendArray([...partitions], (each, { partition, offset }) => {
        each
          .appendInt32(partition)
          .appendInt32(-1)
          .appendInt64(BigInt(offset))
          .appendInt32(-1)
          .appendInt64(-1n)
          .appendInt32(request.partitionMaxBytes);
      });
    })
    .appendArray([], () => undefined)
    .appendString('')
    .appendTaggedFields();
}

function parseResponse(reader: Reader): FetchResponse {
  const throttleMs = reader.readInt32();
  const errorCode = reader.readInt16();
  reader.readInt32();
  const topics = reader.readArray((topic) => {
    const topicId = topic.readUUID();
    return topic.readArray((partition) => parsePartition(partition, topicId));
  });
  return { throttleMs, errorCode, partitions: topics.flat() };
}

function parsePartition(reader: Reader, topicId: string): FetchedPartition {
  const partition = reader.readInt32();
  const errorCode = reader.readInt16();
  const highWatermark = Number(reader.readInt64());
  reader.skip(LAST_STABLE_AND_LOG_START_BYTES);
  const aborted = reader.readNullableArray((each) => ({ producerId: each.readInt64(), firstOffset: Number(each.readInt64()) })) ?? [];
  reader.skip(PREFERRED_REPLICA_BYTES);
  const size = Math.max(0, reader.readUnsignedVarInt() - 1);
  const bytes = reader.buffer.slice(reader.position, reader.position + size);
  reader.skip(size);
  return { topicId, partition, errorCode, highWatermark, aborted, bytes };
}

const LAST_STABLE_AND_LOG_START_BYTES = 16;
const PREFERRED_REPLICA_BYTES = 4;
