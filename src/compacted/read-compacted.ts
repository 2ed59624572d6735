import type { PartitionRange, RecordBlock, RecordLog, RecordReader } from '../ports/record-log.ts';

const POLL_BYTES = 1024 * 1024;
/** Longest wait for the next records of a topic that has some, ms. */
const POLL_WAIT_MS = 2_000;

/** One record of a compacted topic: the latest value of its key, or with null that there is none any more. */
export type OnEntry = (key: string, value: Buffer | null) => void;

/** Starts reading every partition of a topic at its first record; resolves with those that hold any. Rejects with SluiceError `KAFKA_*`. */
export async function seekToStart(log: RecordLog, topic: string, reader: RecordReader): Promise<Map<number, PartitionRange>> {
  const admin = log.admin();
  try {
    const ranges = await admin.ranges([topic]);
    for (const range of ranges) reader.seek({ ...range, offset: range.earliest });
    return new Map(ranges.filter(({ earliest, latest }) => latest > earliest).map((range) => [range.partition, range]));
  } finally {
    await admin.close();
  }
}

/** Tells a block's records; takes its partition from `open` when that is read to where it ended at the start. */
export function tellBlock(block: RecordBlock, open: Map<number, PartitionRange>, onEntry: OnEntry): void {
  for (let at = 0; at < block.count; at += 1) {
    const key = block.key(at);
    const value = block.value(at);
    // A copy: the block's memory does not outlive the next poll.
    if (key !== null) onEntry(key.toString(), value === null ? null : Buffer.from(value));
  }
  if (block.nextOffset >= (open.get(block.partition)?.latest ?? 0)) open.delete(block.partition);
}

/** What stands in a compacted topic at this moment. Rejects with SluiceError `KAFKA_*`. */
export async function readCompacted(log: RecordLog, topic: string): Promise<Map<string, Buffer>> {
  const reader = log.reader();
  const entries = new Map<string, Buffer>();
  try {
    const open = await seekToStart(log, topic, reader);
    while (open.size > 0) {
      const blocks = await reader.poll({ maxBytes: POLL_BYTES, maxWaitMs: POLL_WAIT_MS });
      if (blocks.length === 0) break;
      for (const block of blocks) tellBlock(block, open, (key, value) => void (value === null ? entries.delete(key) : entries.set(key, value)));
    }
    return entries;
  } finally {
    await reader.close();
  }
}
