import { expect, it } from 'vitest';
import { refuseOld } from '../../src/main/backfill-load.ts';

const HOUR_MS = 3_600_000;

it('an extract is good for three quarters of the time that topics keep records', () => {
  expect(() => refuseOld('c1', 126 * HOUR_MS, 168)).not.toThrow();
  expect(() => refuseOld('c1', 127 * HOUR_MS, 168)).toThrow(/extract of c1 is 127 hours old: after 126 .* anew/);
});
