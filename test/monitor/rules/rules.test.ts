import { describe, expect, it } from 'vitest';
import { rulesIn } from '../../../src/monitor/rules/installation.ts';
import { elastic, firedIn, partition, run, RULES, series, time } from '../series.ts';
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

  it('name the indices of their installation in what they show as evidence', () => {
    const stalled = series(40, () => ({ lane: [partition(10, 100)], region: { batches: [] } }));
    const [alert] = run(stalled, { rules: rulesIn('shop.', RULES) }).at(-1)?.filter(({ rule }) => rule === 'lane-stalled') ?? [];
    expect(alert?.evidence).toEqual(['sluice status', expect.stringMatching(/^GET \/shop\.sluice-batches\/_search /)]);
    const [red] = run(series(10, () => ({ region: { elasticsearch: elastic({ status: 'red' }) } })), { rules: rulesIn('shop.', RULES) }).at(-1)?.filter(({ rule }) => rule === 'elasticsearch-red') ?? [];
    expect(red?.evidence).toEqual(['GET /_cluster/allocation/explain']);
  });

  it('say what it means, in a sentence', () => {
    expect(RULES.filter((rule) => !/^[A-Z].{40,}\.$/.test(rule.meaning)).map((rule) => rule.name)).toEqual([]);
  });
});
