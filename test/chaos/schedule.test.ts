import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FAULTS } from './faults/index.ts';
import { scheduleOf, type Entry } from './schedule.ts';

const seeds = fc.integer({ min: 0, max: 2 ** 31 - 1 });

function holdsOf({ kind, target }: Entry): readonly string[] {
  return FAULTS.find((fault) => fault.kind === kind)?.holds(target) ?? [];
}

describe('the timetable', () => {
  test('a seed gives the same timetable again, another seed another one', () => {
    expect(scheduleOf(FAULTS, { seed: 7, minutes: 5 })).toEqual(scheduleOf(FAULTS, { seed: 7, minutes: 5 }));
    expect(scheduleOf(FAULTS, { seed: 7, minutes: 5 })).not.toEqual(scheduleOf(FAULTS, { seed: 8, minutes: 5 }));
  });

  test('five minutes hold every kind of fault, and all are over before the end', () => {
    fc.assert(fc.property(seeds, (seed) => {
      const entries = scheduleOf(FAULTS, { seed, minutes: 5 });
      expect(new Set(entries.map(({ kind }) => kind))).toEqual(new Set(FAULTS.map(({ kind }) => kind)));
      for (const { at, until } of entries) {
        expect(at).toBeGreaterThan(0);
        expect(until).toBeLessThan(300);
      }
    }));
  });

  test('no two faults hold the same thing at the same time', () => {
    fc.assert(fc.property(seeds, fc.constantFrom(5, 21), (seed, minutes) => {
      const entries = scheduleOf(FAULTS, { seed, minutes });
      for (const [index, entry] of entries.entries()) {
        for (const other of entries.slice(index + 1)) {
          const shared = holdsOf(entry).some((thing) => holdsOf(other).includes(thing));
          expect(shared && other.at <= entry.until && entry.at <= other.until, `${JSON.stringify(entry)} against ${JSON.stringify(other)}`).toBe(false);
        }
      }
    }), { numRuns: 30 });
  });

  test('a longer run goes through the kinds again and again', () => {
    const entries = scheduleOf(FAULTS, { seed: 3, minutes: 60 });
    for (const { kind } of FAULTS) expect(entries.filter((entry) => entry.kind === kind).length, kind).toBeGreaterThanOrEqual(5);
  });
});
