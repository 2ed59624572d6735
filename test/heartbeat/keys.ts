import { murmur2 } from '@platformatic/kafka';
import { Partitioners } from 'kafkajs';

/** Where two client libraries put a key. */
export function partitionsForKey(key: Buffer, partitions: number): number[] {
  const partitionMetadata = Array.from({ length: partitions }, (_, partitionId) => ({ partitionErrorCode: 0, partitionId, leader: 0, replicas: [0], isr: [0] }));
  return [(murmur2(key) & 0x7fffffff) % partitions, Partitioners.DefaultPartitioner()({ topic: 't', partitionMetadata, message: { key, value: null } })];
}
