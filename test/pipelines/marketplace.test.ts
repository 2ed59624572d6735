import fc from 'fast-check';
import { expect, it } from 'vitest';
import { isoTime } from '../../pipelines/marketplace.ts';

it('isoTime says what Date says, for every time that an event may hold', () => {
  fc.assert(fc.property(fc.array(fc.integer({ min: 0, max: 2 ** 43 - 1 }), { minLength: 1 }), (times) => {
    for (const time of times) expect(isoTime(time)).toBe(new Date(time).toISOString());
  }));
});
