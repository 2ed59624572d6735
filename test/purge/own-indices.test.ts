import { beforeEach, describe, expect, it } from 'vitest';
import { endOfIndex } from '../../src/domain/index-name.ts';
import { purgeOwnIndices, type OwnPurgeReport, type Retention } from '../../src/purge/own-indices.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { MemorySearch } from '../support/memory-search.ts';
import { FREE_SHARE } from '../support/free-share.ts';

const DAY_MS = 86_400_000;
const NOW = Date.UTC(2026, 10, 30);
const RETENTION: Retention = { 'sluice-heartbeats': 30 * DAY_MS, 'sluice-batches': 90 * DAY_MS, 'sluice-failures': 90 * DAY_MS, 'sluice-alerts': 90 * DAY_MS, 'sluice-audits': null };
const LONG_AGO = '2026-03-05T00:00:00.000Z';
const YESTERDAY = '2026-11-29T00:00:00.000Z';

let search: MemorySearch;
beforeEach(() => { search = new MemorySearch(); });

async function put(index: string, id: string, source: object): Promise<void> {
  await search.call('PUT', `/t.${index}/_doc/${id}?version=1&version_type=external`, source as Record<string, unknown>);
}

function failure(id: string, state: string, changes: object = {}, index = 'sluice-failures-2026.03'): Promise<void> {
  return put(index, id, { '@timestamp': LONG_AGO, state, history: [{ at: LONG_AGO, action: 'redrive' }], ...changes });
}

function purge(changes: { dryRun?: boolean; retention?: Partial<Retention> } = {}): Promise<OwnPurgeReport> {
  const parts = { cluster: search, dryRun: changes.dryRun ?? false, clock: new ManualClock(NOW), random: Math.random, timeoutMs: 1_000, share: FREE_SHARE };
  return purgeOwnIndices('t.', { ...RETENTION, ...changes.retention }, parts, new AbortController().signal);
}

const left = () => [...search.indices.keys()].sort();

describe('the retention of what Sluice keeps for itself', () => {
  it('deletes indices whose time has been over for longer than they are kept, and no others', async () => {
    for (const index of ['sluice-heartbeats-2026.10.30', 'sluice-heartbeats-2026.10.31', 'sluice-batches-2026.08', 'sluice-batches-2026.09', 'sluice-audits-2020.01', 'sluice-alerts-0000', 'sluice-heartbeats-old', 'sold-items-2020.01']) await put(index, 'a', { state: 'resolved' });
    expect(await purge()).toMatchObject({ indices: ['t.sluice-batches-2026.08', 't.sluice-heartbeats-2026.10.30'], kept: [] });
    expect(left()).toEqual(['t.sluice-alerts-0000', 't.sluice-audits-2020.01', 't.sluice-batches-2026.09', 't.sluice-heartbeats-2026.10.31', 't.sluice-heartbeats-old', 't.sold-items-2020.01']);
  });

  it('leaves the indices of other installations alone', async () => {
    await search.call('PUT', '/sluice-heartbeats-2020.01.01/_doc/a?version=1&version_type=external', {});
    await search.call('PUT', '/x.t.sluice-heartbeats-2020.01.01/_doc/a?version=1&version_type=external', {});
    expect(await purge()).toMatchObject({ indices: [] });
  });

  it('takes an old failure index whole when every failure in it was closed long ago', async () => {
    await failure('a', 'redriven');
    await failure('b', 'discarded');
    expect(await purge()).toMatchObject({ indices: ['t.sluice-failures-2026.03'], failures: { found: 0 } });
    expect(left()).toEqual([]);
  });

  it.each([['open', {}], ['redriving', {}], ['redriven', { history: [{ at: LONG_AGO }, { at: YESTERDAY }] }], ['redriven', { '@timestamp': YESTERDAY }]])('never takes an index with a failure that is %s %j, and leaves it writable', async (state, changes) => {
    await failure('a', 'redriven');
    await failure('b', state, changes);
    expect(await purge()).toMatchObject({ indices: [], kept: ['t.sluice-failures-2026.03'], failures: { found: 1, deleted: 1 } });
    expect([...search.indices.get('t.sluice-failures-2026.03')!.documents.values()].filter(({ source }) => source !== null).map(({ id }) => id)).toEqual(['b']);
    expect(search.indices.get('t.sluice-failures-2026.03')!.writeBlocked).toBe(false);
  });

  it('deletes closed failures of a month that is not over for long, one by one', async () => {
    await failure('a', 'redriven', {}, 'sluice-failures-2026.11');
    await failure('b', 'open', {}, 'sluice-failures-2026.11');
    expect(await purge()).toMatchObject({ indices: [], kept: [], failures: { found: 1, deleted: 1 } });
    expect(search.document('t.sluice-failures-2026.11', 'b')).not.toBeNull();
  });

  it('leaves an index into which a failure came while it was looked at', async () => {
    await failure('a', 'redriven');
    const { call } = search;
    search.call = async (method, path, ...rest) => {
      if (path.endsWith('/_block/write')) await failure('late', 'open');
      return await call(method, path, ...rest);
    };
    expect(await purge()).toMatchObject({ indices: [], kept: ['t.sluice-failures-2026.03'] });
    expect(search.document('t.sluice-failures-2026.03', 'late')).not.toBeNull();
    expect(search.indices.get('t.sluice-failures-2026.03')!.writeBlocked).toBe(false);
  });

  it('leaves an index writable that it could not look at again', async () => {
    await failure('a', 'redriven');
    const { call } = search;
    let looks = 0;
    search.call = async (method, path, ...rest) => {
      if (path.endsWith('/_count') && (looks += 1) === 2) throw new Error('away');
      return await call(method, path, ...rest);
    };
    await expect(purge()).rejects.toThrow('away');
    expect(search.indices.get('t.sluice-failures-2026.03')!.writeBlocked).toBe(false);
  });

  it('keeps the index of an alert that stands', async () => {
    await put('sluice-alerts-2026.03', 'a', { state: 'firing' });
    await put('sluice-alerts-2026.04', 'a', { state: 'resolved', muted: true });
    await put('sluice-alerts-2026.05', 'a', { state: 'resolved', muted: false });
    expect(await purge()).toMatchObject({ indices: ['t.sluice-alerts-2026.05'], kept: ['t.sluice-alerts-2026.03', 't.sluice-alerts-2026.04'] });
  });

  it('says in a dry run what it would delete, and changes nothing', async () => {
    await put('sluice-heartbeats-2026.01.01', 'a', {});
    await failure('a', 'redriven');
    await failure('b', 'redriven', {}, 'sluice-failures-2026.11');
    const before = left();
    const dry = await purge({ dryRun: true });
    expect(dry).toMatchObject({ indices: ['t.sluice-failures-2026.03', 't.sluice-heartbeats-2026.01.01'], failures: { found: 1, deleted: 0 } });
    expect(left()).toEqual(before);
    expect(search.indices.get('t.sluice-failures-2026.03')!.writeBlocked).toBe(false);
    const real = await purge();
    expect(real.indices).toEqual(dry.indices);
    expect(real.failures.deleted).toBe(dry.failures.found);
  });

  it('deletes nothing that is kept for ever', async () => {
    await failure('a', 'redriven');
    expect(await purge({ retention: { 'sluice-failures': null } })).toMatchObject({ indices: [], failures: { found: 0 } });
    expect(search.document('t.sluice-failures-2026.03', 'a')).not.toBeNull();
  });
});

describe('the end of an index', () => {
  it.each([
    ['day', 'b-2026.10.30', Date.UTC(2026, 9, 31)], ['month', 'b-2026.12', Date.UTC(2027, 0)], ['year', 'b-2026', Date.UTC(2027, 0)],
    ['month', 'b-0000', null], ['month', 'b-2026.13', null], ['day', 'b-2026.02.30', null], ['day', 'b-2026.02', null], ['month', 'c-2026.02', null], ['month', 'b-2026.02-1', null],
  ] as const)('of a %s: %s', (period, name, end) => expect(endOfIndex('b', period, name)).toBe(end));
});
