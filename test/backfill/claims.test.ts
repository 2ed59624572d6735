import { expect, it } from 'vitest';
import { Claims } from '../../src/backfill/claims.ts';
import { keysOf } from '../../src/backfill/keys.ts';
import type { Group } from '../../src/backfill/manifest.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { MemoryObjectStore } from '../support/memory-object-store.ts';

const LEASE_MS = 10_000;
const GROUPS = [0, 1].map((number) => ({ number, index: number, rows: 5, start: 0, end: 1, sha256: '', file: { key: 'f' } }) as unknown as Group);

function claimsOf(store: MemoryObjectStore, worker: string, clock: ManualClock): Claims {
  return new Claims({ store, keys: keysOf('backfill/', 'c1'), region: 'west', worker, clock, leaseMs: LEASE_MS }, GROUPS);
}

it('a lease is judged by the observer\'s own clock, however far the clocks of two hosts are apart', async () => {
  const store = new MemoryObjectStore();
  const [here, there] = [new ManualClock(Date.UTC(2026, 10, 25)), new ManualClock(Date.UTC(2031, 0, 1))];
  const [first, second] = [claimsOf(store, 'first', here), claimsOf(store, 'second', there)];
  await first.refresh();
  expect((await first.next())?.number).toBe(0);
  await second.refresh();
  expect((await second.next())?.number).toBe(1);
  expect(await second.next()).toBeNull();

  // The first one lives: it renews, and years of difference make it no older.
  for (let beat = 0; beat < 5; beat += 1) {
    await there.advance(LEASE_MS * 0.6);
    here.setWall(Date.UTC(1999, 0, 1));
    expect(await first.renew()).toEqual([]);
    await second.refresh();
    expect(await second.next()).toBeNull();
  }
  // Now it is silent for the time of a lease, as the second one sees it.
  await there.advance(LEASE_MS);
  expect((await second.next())?.number).toBe(0);
  expect(await first.renew()).toEqual([0]);
});

it('gives up no lease that has become somebody else\'s meanwhile', async () => {
  const [store, clock] = [new MemoryObjectStore(), new ManualClock()];
  const [slept, second] = [claimsOf(store, 'slept', clock), claimsOf(store, 'second', clock)];
  await slept.refresh();
  await slept.next();
  await second.refresh();
  await clock.advance(LEASE_MS);
  expect((await second.next())?.number).toBe(0);
  await slept.release(0);
  expect(store.objects.has(keysOf('backfill/', 'c1').lease('west', 0))).toBe(true);
  expect(await second.renew()).toEqual([]);
  await second.release(0);
  expect(store.objects.has(keysOf('backfill/', 'c1').lease('west', 0))).toBe(false);
});
