import { beforeEach, describe, expect, it } from 'vitest';
import { Lease } from '../../src/monitor/lease.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { MemorySearch } from '../support/memory-search.ts';

const INDEX = 'sluice-alerts-0000';
const LEASE_MS = 15_000;

describe('the lease of monitors', () => {
  let clock: ManualClock;
  let west: MemorySearch;
  let east: MemorySearch;

  beforeEach(() => {
    clock = new ManualClock();
    [west, east] = [new MemorySearch(), new MemorySearch()];
  });
  function monitor(holder: string): Lease {
    const regions = new Map([['west', west], ['east', east]]);
    return new Lease({ regions, index: INDEX, holder, leaseMs: LEASE_MS, timeoutMs: 1_000, clock, ensure: async (region) => regions.get(region)?.call('PUT', `/${INDEX}`) });
  }

  it('is held by one, and renewed', async () => {
    const [a, b] = [monitor('a'), monitor('b')];
    expect([await a.renew(), await b.renew(), await a.renew(), await b.renew()]).toEqual([true, false, true, false]);
    expect([a.holder, b.holder]).toEqual(['a', 'a']);
  });

  it('of two that begin at once one gets it', async () => {
    const all = [monitor('a'), monitor('b'), monitor('c')];
    const active = await Promise.all(all.map((each) => each.renew()));
    expect(active.filter(Boolean)).toHaveLength(1);
  });

  it('is taken over when its holder does not renew it, judged by the own clock', async () => {
    const [a, b] = [monitor('a'), monitor('b')];
    await a.renew();
    await b.renew();
    await clock.advance(LEASE_MS - 1);
    expect(await b.renew()).toBe(false);
    clock.setWall(0);
    await clock.advance(1);
    expect(await b.renew()).toBe(true);
    expect(await a.renew()).toBe(false);
  });

  it('is not taken over while it is renewed', async () => {
    const [a, b] = [monitor('a'), monitor('b')];
    for (let round = 0; round < 10; round += 1) {
      expect([await a.renew(), await b.renew()]).toEqual([true, false]);
      await clock.advance(5_000);
    }
  });

  it('is free at once when it is let go', async () => {
    const [a, b] = [monitor('a'), monitor('b')];
    await a.renew();
    await b.renew();
    await a.release();
    expect(await b.renew()).toBe(true);
  });

  it('survives the loss of a region, and its return', async () => {
    const [a, b] = [monitor('a'), monitor('b')];
    await a.renew();
    await b.renew();
    west.setDown(true);
    expect([await a.renew(), await b.renew()]).toEqual([true, false]);
    west.setDown(false);
    expect([await b.renew(), await a.renew()]).toEqual([false, true]);
  });

  it('without any region the active one stays active, and another tells, too, after a lease time', async () => {
    const [a, b] = [monitor('a'), monitor('b')];
    await a.renew();
    await b.renew();
    for (const region of [west, east]) region.setDown(true);
    expect([await a.renew(), await b.renew()]).toEqual([true, false]);
    await clock.advance(LEASE_MS);
    expect([await a.renew(), await b.renew()]).toEqual([true, true]);
    for (const region of [west, east]) region.setDown(false);
    expect([await a.renew(), await b.renew()]).toEqual([true, false]);
  });
});
