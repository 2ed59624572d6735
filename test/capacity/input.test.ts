import { describe, expect, it } from 'vitest';
import { parseFigure, type Input } from '../../src/capacity/input.ts';
import { MEASURED } from '../../src/capacity/measured.ts';
import { GIVEN, WORKLOAD } from '../../src/capacity/workload.ts';

const EVERY: readonly Input[] = Object.values({ ...WORKLOAD, ...GIVEN, ...MEASURED });

describe('a figure as a person writes it', () => {
  it.each([
    [WORKLOAD.documentsPerDay, '20M', 20_000_000], [WORKLOAD.documentsPerDay, '1.5k', 1_500], [WORKLOAD.documentsPerDay, '20_000_000', 20_000_000], [WORKLOAD.documentsPerDay, '2e6', 2_000_000],
    [WORKLOAD.outageHours, '2d', 48], [WORKLOAD.outageHours, '12h', 12], [WORKLOAD.outageHours, '30m', 0.5], [WORKLOAD.outageHours, '0', 0],
    [WORKLOAD.keepDays, '900d', 900], [WORKLOAD.periodDays, 'day', 1], [WORKLOAD.periodDays, 'month', 30], [WORKLOAD.indexingShare, '25%', 0.25], [GIVEN.hosts, '6', 6],
  ])('$flag %s', (definition, text, value) => {
    expect(parseFigure(definition, text)).toEqual({ ok: true, value });
  });

  it.each([
    [WORKLOAD.documentsPerDay, 'lots', 'a number such as'], [WORKLOAD.documentsPerDay, '', 'a number such as'], [WORKLOAD.documentsPerDay, '-5', 'a number such as'], [WORKLOAD.documentsPerDay, '0', '1 to'],
    [WORKLOAD.outageHours, '12 parsecs', 'hours or days'], [WORKLOAD.periodDays, '7', 'day, month or year'], [WORKLOAD.periodDays, 'week', 'day, month or year'], [WORKLOAD.indexingShare, '150%', '0.01 to 1'], [GIVEN.hosts, '2.5', 'a whole number'],
    [WORKLOAD.keepDays, 'constructor', 'days'],
  ])('$flag %j is refused with what was expected', (definition, text, expected) => {
    expect(parseFigure(definition, text)).toMatchObject({ ok: false, problem: expect.stringContaining(expected) });
  });

  it('has a flag and a name of its own, and a default within its bounds', () => {
    expect(new Set(EVERY.map(({ flag }) => flag)).size).toBe(EVERY.length);
    expect(new Set(EVERY.map(({ name }) => name)).size).toBe(EVERY.length);
    for (const { initial, least, most, flag } of EVERY) expect(initial === null || (initial >= least && initial <= most), flag).toBe(true);
  });
});
