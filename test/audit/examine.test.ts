import { describe, expect, it } from 'vitest';
import { pipelines } from '../../pipelines/index.ts';
import { Asking } from '../../src/audit/asking.ts';
import { findingsOf, suspectsAmong, type Examination } from '../../src/audit/examine.ts';
import { laneMarks, type LaneMarks } from '../../src/audit/lane-marks.ts';
import { documentBytes } from '../../src/domain/fingerprint.ts';
import { regionalTopicOf } from '../../src/domain/pipeline.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { MemoryLog } from '../support/memory-log.ts';
import { MemorySearch } from '../support/memory-search.ts';

const INDEX = 'sold-items-2026.11.02';
const TOPIC = regionalTopicOf('', 'sold-items');
const pipeline = pipelines.find(({ name }) => name === 'sold-items')!;
const signal = new AbortController().signal;
const PASSED: LaneMarks = { mark: async () => new Map(), behind: async () => new Map() };

async function regions(): Promise<Record<'west' | 'east', MemorySearch>> {
  const made = { west: new MemorySearch(), east: new MemorySearch() };
  for (const search of Object.values(made)) for (const name of [INDEX, 'sluice-failures']) await search.call('PUT', `/${name}`, {});
  return made;
}

async function put(search: MemorySearch, id: string, version: number, title = 'x'): Promise<void> {
  const source = { ...JSON.parse(documentBytes(JSON.stringify({ title }), { id, version, deleted: false }).toString()) as object, origin: { role: 'primary', code: 'c', host_group: 'g' } };
  const body = Buffer.from(`${JSON.stringify({ index: { _index: INDEX, _id: id, version, version_type: 'external' } })}\n${JSON.stringify(source)}\n`);
  await search.bulk({ body, detail: 'full', timeoutMs: 1_000 });
}

function examined(searches: Record<string, MemorySearch>, lanes: LaneMarks = PASSED): Examination {
  const clock = new ManualClock(0);
  return { prefix: '', pipeline, index: INDEX, lanes, purgedBefore: 0, patienceMs: 0, regions: new Map(Object.entries(searches).map(([name, search]) => [name, new Asking(search, clock, 1_000, signal)])) };
}

describe('the second look', () => {
  it('finds what is lost', async () => {
    const { west, east } = await regions();
    await put(west, 'a', 5);
    const examination = examined({ west, east });
    const suspects = await suspectsAmong(['a', 'b'], examination);
    expect(suspects.map(({ id }) => id)).toEqual(['a']);
    expect(await findingsOf(suspects, new Map(), examination, signal)).toMatchObject([{ id: 'a', kind: 'missing', why: 'lost', regions: ['east'] }]);
  });

  it('forgets what came in the meantime', async () => {
    const { west, east } = await regions();
    await put(west, 'a', 5);
    const examination = examined({ west, east });
    const suspects = await suspectsAmong(['a'], examination);
    await put(east, 'a', 5);
    expect(await findingsOf(suspects, new Map(), examination, signal)).toEqual([]);
  });

  it('calls in flight what changed in the meantime, and what a lane has yet to bring', async () => {
    const { west, east } = await regions();
    await put(west, 'moves', 5);
    await put(west, 'waits', 5);
    const moving = examined({ west, east });
    const suspects = await suspectsAmong(['moves', 'waits'], moving);
    await put(west, 'moves', 6);
    const behind: LaneMarks = { ...PASSED, behind: async () => new Map([['east', 'lane west-east has 7 records to go']]) };
    expect(await findingsOf(suspects, new Map(), examined({ west, east }, behind), signal)).toMatchObject([
      { id: 'moves', why: 'in-flight', reason: 'it changed while it was looked at' },
      { id: 'waits', why: 'in-flight', reason: 'lane west-east has 7 records to go' },
    ]);
  });

  it('names the failure that keeps a document out', async () => {
    const { west, east } = await regions();
    await put(west, 'a', 5);
    await east.bulk({ body: Buffer.from(`${JSON.stringify({ index: { _index: 'sluice-failures', _id: 'f1' } })}\n${JSON.stringify({ document_id: 'a', pipeline: 'sold-items', state: 'open' })}\n`), detail: 'full', timeoutMs: 1_000 });
    const examination = examined({ west, east });
    expect(await findingsOf(await suspectsAmong(['a'], examination), new Map(), examination, signal)).toMatchObject([{ why: 'failed', reason: expect.stringContaining('f1') as string }]);
  });
});

describe('what lanes may still bring', () => {
  function logs(): { west: MemoryLog; east: MemoryLog; lanes: LaneMarks } {
    const made = { west: new MemoryLog(), east: new MemoryLog() };
    for (const log of Object.values(made)) log.createTopic(TOPIC);
    const clock = new ManualClock(0);
    return { ...made, lanes: laneMarks({ regions: new Map(Object.entries(made).map(([name, log]) => [name, log.admin()])), topics: [TOPIC], groupOf: ({ name }) => name, clock }) };
  }
  const send = (log: MemoryLog) => log.producer({ compression: 'none', deliveryTimeoutMs: 1_000 }).send([{ topic: TOPIC, key: null, value: Buffer.from('x'), partition: 0 }]);

  it('is nothing once every lane has committed what was there at the first look, whatever came since', async () => {
    const { west, lanes } = logs();
    await send(west);
    const mark = await lanes.mark();
    await send(west);
    expect([...(await lanes.behind(mark, 0, signal)).keys()].sort()).toEqual(['east', 'west']);
    await west.admin().setCommitted('west-west', [{ topic: TOPIC, partition: 0, offset: 1 }]);
    expect([...(await lanes.behind(mark, 0, signal))]).toEqual([['east', 'lane west-east has 1 records to go that were there before']]);
    await west.admin().setCommitted('west-east', [{ topic: TOPIC, partition: 0, offset: 1 }]);
    expect((await lanes.behind(mark, 0, signal)).size).toBe(0);
  });

  it('is not known where a Kafka does not answer', async () => {
    const { lanes } = logs();
    const behind = await lanes.behind(new Map([['west', { problem: 'away' }], ['east', []]]), 0, signal);
    expect(behind.get('west')).toContain('away');
  });
});
