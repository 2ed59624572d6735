import { expect, test } from 'vitest';
import { RecoveryClock } from './recovery.ts';

test('a recovery ends with the first question after the healing that finds nobody behind', () => {
  const clock = new RecoveryClock(10);
  clock.healed('kill-broker', 1_000);
  clock.measured(0, 999);
  clock.measured(null, 2_000);
  clock.measured(11, 3_000);
  expect(clock.figures()).toEqual({ p50: null, max: null });
  clock.measured(10, 4_500);
  clock.healed('write-block', 5_000);
  clock.measured(0, 6_000);
  clock.measured(0, 9_000);
  expect(clock.recoveries.map(({ seconds }) => seconds)).toEqual([3.5, 1]);
  expect(clock.figures()).toEqual({ p50: 1, max: 3.5 });
});
