import { describe, expect, it } from 'vitest';
import { NO_CAPS, shareOf, tighter } from '../../src/rate/caps.ts';
import { rateControlOf, type RateControl } from '../../src/rate/rate-control.ts';
import { ManualClock } from '../support/manual-clock.ts';

const SETTINGS = { batchOperations: 5_000, batchBytes: 3_000_000, inFlight: 3, targetLatencyMs: 2_000 };
const NEVER = new AbortController().signal;

function control(learned: number | null = null): RateControl {
  return rateControlOf(SETTINGS, { clock: new ManualClock(), lanes: 2, learned });
}

async function goes(rate: RateControl): Promise<boolean> {
  const gone = rate.take(1, 1, NEVER).then(() => true);
  return await Promise.race([gone, new Promise<boolean>((resolve) => { setImmediate(() => resolve(false)); })]);
}

describe('a share', () => {
  it('is the part of the partitions that a host owns', () => {
    expect(shareOf({ documentsPerSecond: 1_200, bytesPerSecond: 6_000 }, 2, 24)).toEqual({ documentsPerSecond: 100, bytesPerSecond: 500 });
    expect(shareOf({ documentsPerSecond: 1_200, bytesPerSecond: null }, 0, 24)).toEqual({ documentsPerSecond: 0, bytesPerSecond: null });
  });

  it('of all hosts together is the cap, however the partitions lie', () => {
    const owned = [7, 0, 5, 12];
    expect(owned.reduce((sum, own) => sum + (shareOf({ documentsPerSecond: 999, bytesPerSecond: null }, own, 24).documentsPerSecond ?? 0), 0)).toBeCloseTo(999, 6);
  });

  it('under two limits is the smaller one', () => {
    expect(tighter({ documentsPerSecond: 5, bytesPerSecond: null }, { documentsPerSecond: 7, bytesPerSecond: 9 })).toEqual({ documentsPerSecond: 5, bytesPerSecond: 9 });
  });
});

describe('the rate of a lane', () => {
  it('is nothing until its caps are known, and then, where there is one, until the partitions are', async () => {
    const rate = control();
    expect(await goes(rate)).toBe(false);
    rate.cap({ documentsPerSecond: 100, bytesPerSecond: null });
    expect(await goes(rate)).toBe(false);
    rate.own(6, 6);
    expect(rate.status()).toMatchObject({ caps: { documentsPerSecond: 100 }, share: { documentsPerSecond: 50 } });
  });

  it('without caps needs to know no partitions', async () => {
    const rate = control();
    rate.cap(NO_CAPS);
    expect(await goes(rate)).toBe(true);
  });

  it('cuts batches so small under a cap that the rate stays even', () => {
    const rate = control();
    rate.own(6, 6);
    rate.cap({ documentsPerSecond: 2_000, bytesPerSecond: 1_000_000 });
    expect(rate.limits()).toMatchObject({ operations: 100, bytes: 50_000 });
  });

  it('follows the search guard below the cap, and the cap below the guard', () => {
    const rate = control();
    rate.own(6, 6);
    rate.cap({ documentsPerSecond: 2_000, bytesPerSecond: null });
    rate.guard(300);
    expect(rate.status().share.documentsPerSecond).toBe(300);
    rate.guard(5_000);
    expect(rate.status().share.documentsPerSecond).toBe(1_000);
  });

  it('sends what comes in, and a little more, whatever the search guard says; the cap holds', () => {
    const rate = control();
    rate.own(6, 6);
    rate.cap({ documentsPerSecond: 2_000, bytesPerSecond: null });
    rate.guard(0);
    expect(rate.status().share.documentsPerSecond).toBe(0);
    rate.arriving(250);
    expect(rate.status().share.documentsPerSecond).toBe(300);
    rate.guard(800);
    expect(rate.status().share.documentsPerSecond).toBe(800);
    rate.arriving(5_000);
    expect(rate.status().share.documentsPerSecond).toBe(1_000);
  });

  it('starts small, or where it was left, and keeps two batches going', () => {
    expect(control().limits()).toEqual({ operations: 500, bytes: 3_000_000, inFlight: 2 });
    expect(control(15_000).limits()).toEqual({ operations: 5_000, bytes: 3_000_000, inFlight: 3 });
    expect(control(1_000_000).status().window).toBe(15_000);
  });
});
