import { describe, expect, it } from 'vitest';
import { patienceOf } from '../../src/indexing/patience.ts';

const AGE = 20;

describe('how long a lane waits for records', () => {
  it('takes the first record after a pause at once', () => {
    expect(patienceOf({ gatherMs: 0, placeFree: true, batchAgeMs: AGE, open: false })).toEqual({ maxWaitMs: 500, minBytes: 1 });
  });

  it('lets the broker gather right after a batch, as long as the next one may wait', () => {
    const { maxWaitMs, minBytes } = patienceOf({ gatherMs: 12, placeFree: true, batchAgeMs: AGE, open: false });
    expect(maxWaitMs).toBe(12);
    expect(minBytes).toBeGreaterThan(1);
  });

  it('does not ask the broker over and over while no batch could be sent anyway', () => {
    const { maxWaitMs, minBytes } = patienceOf({ gatherMs: 0, placeFree: false, batchAgeMs: AGE, open: true });
    expect(maxWaitMs).toBe(AGE);
    expect(minBytes).toBeGreaterThan(1);
  });

  it('does not wait at all while a batch is due', () => {
    expect(patienceOf({ gatherMs: 0, placeFree: true, batchAgeMs: AGE, open: true }).maxWaitMs).toBe(0);
  });

  it('never waits longer than an idle poll', () => {
    expect(patienceOf({ gatherMs: 60_000, placeFree: true, batchAgeMs: 60_000, open: false }).maxWaitMs).toBe(500);
  });
});
