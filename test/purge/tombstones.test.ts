import { beforeEach, describe, expect, it } from 'vitest';
import { oldestOpenFailure, purgeTombstones } from '../../src/purge/tombstones.ts';
import type { DeleteReport } from '../../src/purge/delete-documents.ts';
import { FREE_SHARE } from '../support/free-share.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { MemorySearch } from '../support/memory-search.ts';

const NOW = Date.UTC(2026, 10, 30);
const DAY_MS = 86_400_000;
const LONG_AGO = NOW - 30 * DAY_MS;
const signal = new AbortController().signal;

let [west, east] = [new MemorySearch(), new MemorySearch()];
beforeEach(() => { [west, east] = [new MemorySearch(), new MemorySearch()]; });

async function put(search: MemorySearch, id: string, version: number, deleted: boolean): Promise<void> {
  await search.call('PUT', `/things-1/_doc/${id}?version=${version}&version_type=external`, { deleted, origin: deleted ? { tombstone_at: LONG_AGO } : {} });
}
function purge(dryRun = false): Promise<DeleteReport> {
  const parts = { cluster: west, others: new Map([['east', east]]), dryRun, clock: new ManualClock(NOW), random: Math.random, timeoutMs: 1_000, share: FREE_SHARE };
  return purgeTombstones(['things-*'], NOW - 15 * DAY_MS, parts, signal);
}

describe('a tombstone', () => {
  it('goes where the other region has the removal, too, something newer, or nothing', async () => {
    for (const id of ['removed', 'newer', 'nothing']) await put(west, id, 5, true);
    await put(east, 'removed', 5, true);
    await put(east, 'newer', 6, false);
    expect(await purge()).toEqual({ found: 3, deleted: 3, superseded: 0, kept: 0 });
  });

  it('stays for as long as another region has an older copy, which would come back', async () => {
    await put(west, 'a', 5, true);
    await put(west, 'b', 5, true);
    await put(east, 'a', 4, false);
    expect(await purge(true)).toMatchObject({ found: 2, deleted: 0, kept: 1 });
    expect(await purge()).toEqual({ found: 2, deleted: 1, superseded: 0, kept: 1 });
    expect(west.document('things-1', 'a')).not.toBeNull();
    await put(east, 'a', 5, true);
    expect(await purge()).toMatchObject({ deleted: 1, kept: 0 });
  });

  it('stays where the other region does not answer', async () => {
    await put(west, 'a', 5, true);
    east.setDown(true);
    await expect(purge()).rejects.toMatchObject({ code: 'ELASTICSEARCH_UNAVAILABLE' });
    expect(west.document('things-1', 'a')).not.toBeNull();
  });
});

describe('failures that are still open', () => {
  const failure = (search: MemorySearch, id: string, state: string, at: number): Promise<unknown> =>
    search.call('PUT', `/t.sluice-failures-2026.10/_doc/${id}?version=1&version_type=external`, { state, source: { timestamp: new Date(at).toISOString() } });
  const oldest = (): Promise<number | null> => oldestOpenFailure('t.', new Map([['west', west], ['east', east]]), signal);

  it('hold tombstones back from the day before the oldest of any region', async () => {
    expect(await oldest()).toBeNull();
    await failure(west, 'a', 'discarded', LONG_AGO - DAY_MS);
    await failure(west, 'b', 'open', LONG_AGO + DAY_MS);
    await failure(east, 'c', 'redriving', LONG_AGO);
    expect(await oldest()).toBe(LONG_AGO - DAY_MS);
  });

  it('are not known of a region that does not answer', async () => {
    east.setDown(true);
    await expect(oldest()).rejects.toMatchObject({ code: 'ELASTICSEARCH_UNAVAILABLE' });
  });
});
