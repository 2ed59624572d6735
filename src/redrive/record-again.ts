import { ENVELOPE_HEADER } from '../domain/envelope.ts';
import { SluiceError } from '../domain/errors.ts';
import type { RecordLog } from '../ports/record-log.ts';
import type { Failure } from './failure.ts';

const READ_WAIT_MS = 5_000;

/** A record as it stands in its topic. */
export interface RecordAgain {
  readonly value: Buffer | null;
  /** The `sluice` header; null where another producer wrote it. */
  readonly envelope: Buffer | null;
}

/** Reads the record that failed once more; null where retention was faster. Rejects with SluiceError `KAFKA_*`. */
export async function recordAgain(log: RecordLog, source: Failure['source']): Promise<RecordAgain | null> {
  return (await isThere(log, source)) ? await read(log, source) : null;
}

async function isThere(log: RecordLog, { topic, partition, offset }: Failure['source']): Promise<boolean> {
  const admin = log.admin();
  try {
    const range = (await admin.ranges([topic])).find((one) => one.partition === partition);
    return range !== undefined && offset >= range.earliest && offset < range.latest;
  } catch (error) {
    if (error instanceof SluiceError && error.code === 'KAFKA_UNKNOWN_TOPIC') return false;
    throw error;
  } finally {
    await admin.close();
  }
}

async function read(log: RecordLog, { topic, partition, offset }: Failure['source']): Promise<RecordAgain | null> {
  const reader = log.reader();
  try {
    reader.seek({ topic, partition, offset });
    for (const block of await reader.poll({ maxBytes: 1, maxWaitMs: READ_WAIT_MS })) {
      for (let at = 0; at < block.count; at += 1) {
        // Views live as long as the block: what is kept is copied.
        if (block.offset(at) === offset) return { value: copied(block.value(at)), envelope: copied(block.header(at, ENVELOPE_HEADER)) };
      }
    }
    return null;
  } finally {
    await reader.close();
  }
}

function copied(bytes: Buffer | null): Buffer | null {
  return bytes === null ? null : Buffer.from(bytes);
}
