import { describe, expect, it } from 'vitest';
import type { AssignmentListener, PartitionPosition, RecordConsumer, RecordLog } from '../../src/ports/record-log.ts';
import { produce, record, startLane, THINGS_INDEX, THINGS_TOPIC, thingsLog } from '../support/lane.ts';
import type { MemoryLog } from '../support/memory-log.ts';
import { MemorySearch } from '../support/memory-search.ts';
import { until } from '../support/until.ts';

const GROUP = 'sluice.west-west';
const RECORDS = 200;
/** The log, with every commit held against what the search engine has; record n is document `id-n`. */
function watched(log: MemoryLog, search: MemorySearch, members: RecordConsumer[], problems: string[]): RecordLog {
  const check = (positions: readonly PartitionPosition[]): void => {
    for (const { offset } of positions) {
      const missing = Array.from({ length: offset }, (_, at) => `id-${at}`).find((id) => search.document(THINGS_INDEX, id) === null);
      if (missing !== undefined) problems.push(`committed ${offset} without ${missing}`);
    }
  };
  const consumer = (options: Parameters<RecordLog['consumer']>[0]): RecordConsumer => {
    const inner = log.consumer(options);
    const commit = inner.commit.bind(inner);
    members.push(inner);
    return Object.assign(inner, { commit: (positions: readonly PartitionPosition[]) => { check(positions); return commit(positions); } });
  };
  return { consumer, reader: () => log.reader(), producer: (options) => log.producer(options), admin: () => log.admin() };
}

/** The member's session runs out, and it joins again: its partitions go and come back. */
async function expelled(log: MemoryLog, members: readonly RecordConsumer[]): Promise<void> {
  log.expel(GROUP);
  for (const member of members) await expect(member.commit([])).rejects.toMatchObject({ code: 'KAFKA_FENCED' });
}

describe('a partition that goes and comes back while its records wait for a place in flight', () => {
  it('is not committed above batches of the assignment before, which may yet be lost', async () => {
    const [log, search] = [thingsLog(1), new MemorySearch()];
    const [members, problems]: [RecordConsumer[], string[]] = [[], []];
    await produce(log, Array.from({ length: RECORDS }, (_, at) => record(`id-${at}`, 1)));
    const held: (() => void)[] = [];
    // The first two batches wait for their index; all others find it there, a little later.
    const ensure = (): Promise<void> => (held.length < 2 ? new Promise((resolve) => held.push(resolve)) : new Promise((resolve) => { setTimeout(resolve, 3); }));
    const lane = startLane(watched(log, search, members, problems), search, { ensure, settings: { inFlight: 2, batchOperations: 10, commitIntervalMs: 1 } });
    await until(() => expect(held).toHaveLength(2));
    await expelled(log, members);
    held[1]?.();
    await until(async () => expect((await log.admin().committed(GROUP, [THINGS_TOPIC])).map(({ offset }) => offset)).toEqual([RECORDS]));
    held[0]?.();
    await lane.stop();
    expect(problems).toEqual([]);
    expect(search.indices.get(THINGS_INDEX)?.documents.size).toBe(RECORDS);
  });
});

/** The log, and what its consumers' owners listen with. */
function overheard(log: MemoryLog, listeners: AssignmentListener[]): RecordLog {
  const consumer = (options: Parameters<RecordLog['consumer']>[0]): RecordConsumer => {
    const inner = log.consumer(options);
    const start = inner.start.bind(inner);
    return Object.assign(inner, { start: (listener: AssignmentListener) => { listeners.push(listener); return start(listener); } });
  };
  return { consumer, reader: () => log.reader(), producer: (options) => log.producer(options), admin: () => log.admin() };
}

describe('partitions that are about to be dealt anew', () => {
  it('are committed as far as they are settled, long before the next commit would be due', async () => {
    const [log, search] = [thingsLog(1), new MemorySearch()];
    const listeners: AssignmentListener[] = [];
    await produce(log, Array.from({ length: RECORDS }, (_, at) => record(`id-${at}`, 1)));
    const lane = startLane(overheard(log, listeners), search, { settings: { commitIntervalMs: 60_000 } });
    await until(() => expect(lane.processor.status().counts.applied).toBe(RECORDS));
    expect(await log.admin().committed(GROUP, [THINGS_TOPIC])).toEqual([]);
    await Promise.all([listeners[0]?.handOver?.(), listeners[0]?.handOver?.()]);
    expect((await log.admin().committed(GROUP, [THINGS_TOPIC])).map(({ offset }) => offset)).toEqual([RECORDS]);
    await lane.stop();
  });
});

describe('a lane that is stopped while its batches cannot be written down', () => {
  it('commits nothing of them, however many commits wait behind the one that was broken off', async () => {
    const [log, search] = [thingsLog(1), new MemorySearch()];
    const listeners: AssignmentListener[] = [];
    await produce(log, Array.from({ length: RECORDS }, (_, at) => record(`id-${at}`, 1)));
    search.inject({ kind: 'items', status: 403, error: { type: 'cluster_block_exception', reason: 'index write' }, only: ({ index }) => index.startsWith('sluice-batches') }, Number.POSITIVE_INFINITY);
    const lane = startLane(overheard(log, listeners), search, { settings: { commitIntervalMs: 60_000, drainTimeoutMs: 20 } });
    await until(() => expect(lane.processor.status().counts.applied).toBe(RECORDS));
    const handOver = async (): Promise<void> => { await listeners[0]?.handOver?.(); };
    const handingOver = [handOver(), handOver()];
    await until(() => expect(lane.processor.status().books.kind).toBe('held'));
    await lane.stop();
    await Promise.all(handingOver);
    expect(await log.admin().committed(GROUP, [THINGS_TOPIC])).toEqual([]);
  });
});
