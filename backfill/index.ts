import type { BackfillCase } from '../src/backfill/case.ts';
import { bugFix } from './bug-fix/case.ts';
import { missedEvents } from './missed-events/case.ts';
import { newField } from './new-field/case.ts';

/** Every backfill case there is. */
export const cases: readonly BackfillCase[] = [
  missedEvents,
  bugFix,
  newField,
];
