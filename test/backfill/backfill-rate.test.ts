import { expect, it } from 'vitest';
import { systemClock } from '../../src/adapters/system-clock.ts';
import { BackfillRate } from '../../src/backfill/backfill-rate.ts';
import { NO_CAPS } from '../../src/rate/caps.ts';

function rateOf(share: number): BackfillRate {
  const rate = new BackfillRate({ clock: systemClock, most: { operations: 100, bytes: 1_000_000, inFlight: 2 }, start: 200, targetMs: 500 });
  rate.allow({ share, documentsPerSecond: null });
  return rate;
}

it('a load takes its share of the caps, whatever row groups it holds', () => {
  const rate = rateOf(0.25);
  rate.cap({ documentsPerSecond: 1_000, bytesPerSecond: null });
  rate.own();
  expect(rate.status().share).toEqual({ documentsPerSecond: 250, bytesPerSecond: null });
  rate.allow({ share: 0, documentsPerSecond: null });
  expect(rate.status().share).toEqual({ documentsPerSecond: 0, bytesPerSecond: null });
});

it('a load is paused with the lanes, and without caps only giving way slows it', () => {
  const rate = rateOf(0.25);
  rate.cap({ documentsPerSecond: 0, bytesPerSecond: null });
  expect(rate.status().share.documentsPerSecond).toBe(0);
  rate.cap(NO_CAPS);
  expect(rate.status().share).toEqual(NO_CAPS);
  rate.allow({ share: 0.1, documentsPerSecond: 70 });
  expect(rate.status().share).toEqual({ documentsPerSecond: 70, bytesPerSecond: null });
});
