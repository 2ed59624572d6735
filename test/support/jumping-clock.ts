import { systemClock } from '../../src/adapters/system-clock.ts';
import type { Clock } from '../../src/ports/clock.ts';

const HOUR_MS = 3_600_000;
const JUMPS_MS = [40 * 24 * HOUR_MS, -2 * HOUR_MS, 2 * HOUR_MS, -40 * 24 * HOUR_MS];

/** A clock whose wall time jumps by hours and weeks each time that it is read; its monotonic time goes on as it should. */
export function jumpingClock(): Clock {
  let reads = 0;
  return { ...systemClock, now: () => systemClock.now() + (JUMPS_MS[reads++ % JUMPS_MS.length] ?? 0) };
}
