import { Admin } from '@platformatic/kafka';

/** Bytes that a topic takes on the disks of its brokers, replicas included, divided by `records`. */
export async function kafkaBytesPerRecord(brokers: readonly string[], topic: string, partitions: number, records: number): Promise<number> {
  const admin = new Admin({ clientId: 'sluice-bench', bootstrapBrokers: [...brokers] });
  try {
    const logs = await admin.describeLogDirs({ topics: [{ name: topic, partitions: Array.from({ length: partitions }, (_, partition) => partition) }] });
    const sizes = logs.flatMap(({ results }) => results).flatMap((result) => result.topics).flatMap((each) => each.partitions).map(({ partitionSize }) => Number(partitionSize));
    return sizes.reduce((sum, size) => sum + size, 0) / records;
  } finally {
    await admin.close();
  }
}
