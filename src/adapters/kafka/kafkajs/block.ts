import type { IHeaders, KafkaMessage } from 'kafkajs';
import type { RecordBlock, TopicPartition } from '../../../ports/record-log.ts';

const FRAME_BYTES = 12;

/** A run of kafkajs messages as a block. */
export function messageBlock({ topic, partition }: TopicPartition, messages: readonly KafkaMessage[], nextOffset: number, highWatermark: number): RecordBlock {
  const at = (index: number): KafkaMessage => {
    const message = messages[index];
    if (message === undefined) throw new RangeError(`record ${index} of ${messages.length}`);
    return message;
  };
  return {
    topic, partition, nextOffset, highWatermark,
    count: messages.length,
    bytes: messages.reduce((sum, message) => sum + sizeOf(message), 0),
    offset: (index) => Number(at(index).offset),
    timestamp: (index) => Number(at(index).timestamp),
    key: (index) => at(index).key ?? null,
    value: (index) => at(index).value ?? null,
    header: (index, name) => headerOf(at(index).headers, name),
  };
}

/** Bytes that a message takes, about. */
export function sizeOf({ key, value, headers }: KafkaMessage): number {
  let size = FRAME_BYTES + (key?.length ?? 0) + (value?.length ?? 0);
  for (const name in headers) size += name.length + (headerOf(headers, name)?.length ?? 0) + 2;
  return size;
}

/** A header that occurs twice comes as an array: the first counts. */
function headerOf(headers: IHeaders | undefined, name: string): Buffer | null {
  const value = headers?.[name];
  const first = Array.isArray(value) ? value[0] : value;
  if (first === undefined || first === null) return null;
  return typeof first === 'string' ? Buffer.from(first) : first;
}
