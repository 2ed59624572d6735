import type { PollOptions } from '../ports/record-log.ts';

/** How long one poll waits when nothing is pending, ms. */
export const IDLE_WAIT_MS = 500;
/** So much, as it comes over the wire, is worth an answer before its time. */
const GATHERED_BYTES = 64 * 1024;

export interface Pending {
  /** How long records may be gathered from now on, ms. */
  readonly gatherMs: number;
  /** Whether a batch could be sent at once. */
  readonly placeFree: boolean;
  readonly batchAgeMs: number;
  /** Whether a batch is open. */
  readonly open: boolean;
}

/**
 * How long a poll waits, and for how much. Right after a batch, and while there is no place for another, the broker gathers
 * records: one fetch then brings what a dozen would. After a pause the first record is taken at once.
 */
export function patienceOf({ gatherMs, placeFree, batchAgeMs, open }: Pending): Pick<PollOptions, 'maxWaitMs' | 'minBytes'> {
  const waitMs = placeFree ? gatherMs : Math.max(1, batchAgeMs);
  if (waitMs > 0) return { maxWaitMs: Math.min(waitMs, IDLE_WAIT_MS), minBytes: GATHERED_BYTES };
  return { maxWaitMs: open ? 0 : IDLE_WAIT_MS, minBytes: 1 };
}
