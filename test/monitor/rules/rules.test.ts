import { describe, expect, it } from 'vitest';
import { firedIn, run, RULES, series, time } from '../series.ts';
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

  it('do not believe a process that was killed while it was held', () => {
    const killed = series(60, (second) => ({ notes: [{ state: 'held', reason: 'write block', at: time(Math.min(second, 10)) }] }));
    const last = run(killed).at(-1) ?? [];
    expect(last.filter((alert) => alert.state === 'firing').map((alert) => alert.rule)).toEqual(['process-silent']);
  });

  it('say what it means, in a sentence', () => {
    expect(RULES.filter((rule) => !/^[A-Z].{40,}\.$/.test(rule.meaning)).map((rule) => rule.name)).toEqual([]);
  });
});
