import { describe, expect, it } from 'vitest';
import { firedIn, RULES, series } from '../series.ts';
import { CASES } from './cases.ts';

describe('the default rules', () => {
  it('each has a series that fires it and one that must not', () => {
    expect(Object.keys(CASES).sort()).toEqual(RULES.map((rule) => rule.name).sort());
    expect(Object.values(CASES).filter(({ fires, quiet }) => fires.length === 0 || quiet.length === 0)).toEqual([]);
  });

  describe.each(Object.entries(CASES))('%s', (name, { fires, quiet }) => {
    it.each(fires)('fires, and nothing else is told: %s', (_, seconds, script) => {
      expect(firedIn(series(seconds, script))).toEqual([name]);
    });
    it.each(quiet)('nothing is told: %s', (_, seconds, script) => {
      expect(firedIn(series(seconds, script))).toEqual([]);
    });
  });

  it('fire nothing on an installation that is well', () => {
    expect(firedIn(series(600, (second) => ({ lane: [], ingest: [], notes: [{}], region: {}, second })))).toEqual([]);
  });

  it('say what it means, in a sentence', () => {
    expect(RULES.filter((rule) => !/^[A-Z].{40,}\.$/.test(rule.meaning)).map((rule) => rule.name)).toEqual([]);
  });
});
