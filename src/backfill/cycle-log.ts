import { SluiceError } from '../domain/errors.ts';
import type { RecordConsumer, RecordLog, RecordLogAdmin } from '../ports/record-log.ts';

/**
 * A cycle's row groups as a lane sees its source: a consumer that hands them out, and nothing else. So a load is a lane
 * like any other: batches, gate, outcomes, settlement and failures are the lane's own.
 */
export function cycleLog(consumer: RecordConsumer): RecordLog {
  return { consumer: () => consumer, admin: () => ADMIN, reader: () => refuse('reader'), producer: () => refuse('producer') };
}

const ADMIN: RecordLogAdmin = {
  ranges: () => Promise.resolve([]),
  committed: () => Promise.resolve([]),
  replication: () => Promise.resolve({ brokers: 0, partitions: [] }),
  close: () => Promise.resolve(),
  ensureTopics: () => refuse('topics'),
  deleteTopics: () => refuse('topics'),
  listTopics: () => refuse('topics'),
  addPartitions: () => refuse('partitions'),
  setCommitted: () => refuse('positions'),
};

function refuse(what: string): never {
  throw new SluiceError('BUG', `an extract has no ${what}`);
}
