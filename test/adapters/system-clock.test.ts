import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { systemClock } from '../../src/adapters/system-clock.ts';

const MONTH_MS = 30 * 86_400_000;

beforeEach(() => { vi.useFakeTimers(); });
afterEach(() => { vi.useRealTimers(); });

test('a sleep that is longer than a timer can be lasts its time', async () => {
  let woken = false;
  void systemClock.sleep(MONTH_MS).then(() => { woken = true; });
  await vi.advanceTimersByTimeAsync(MONTH_MS - 1);
  expect(woken).toBe(false);
  await vi.advanceTimersByTimeAsync(1);
  expect(woken).toBe(true);
});

test('it can be ended in any of its pieces, and leaves no timer behind', async () => {
  const [stop, reason] = [new AbortController(), new Error('enough')];
  const sleeping = expect(systemClock.sleep(MONTH_MS, stop.signal)).rejects.toBe(reason);
  await vi.advanceTimersByTimeAsync(MONTH_MS - 1);
  stop.abort(reason);
  await sleeping;
  expect(vi.getTimerCount()).toBe(0);
});

test.each([0, 40])('a sleep of %i ms wakes once', async (ms) => {
  const sleeping = systemClock.sleep(ms, new AbortController().signal);
  await vi.advanceTimersByTimeAsync(ms);
  await sleeping;
  expect(vi.getTimerCount()).toBe(0);
});
