import type { BackfillCase } from '../src/backfill/case.ts';
import { missedEvents } from './missed-events/case.ts';

/** Every backfill case there is. */
export const cases: readonly BackfillCase[] = [
  missedEvents,
];
