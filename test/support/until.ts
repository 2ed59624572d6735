import { vi } from 'vitest';

/** Far beyond what anything takes that is waited for in memory, since the machine may be starved. */
const LIMIT_MS = 30_000;
const INTERVAL_MS = 5;

/** Asks again, every few milliseconds of real time, until `condition` no longer throws; after half a minute its error is the test's. */
export function until(condition: () => void | Promise<void>): Promise<void> {
  return vi.waitFor(condition, { timeout: LIMIT_MS, interval: INTERVAL_MS });
}
