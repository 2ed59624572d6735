import { describe, expect, it } from 'vitest';
import { comparisonLine, compareResults, LEAST_NOISE } from '../../bench/baseline.ts';

const LANE = { bench: 'lane', ratio: 0.95, ratioSpread: { min: 0.94, median: 0.95, max: 0.96 }, lane: { cpuSecondsPerMillion: 3, peakRssMiB: 240 } };

describe('a result against the kept one', () => {
  it('is no regression within the noise, in either direction', () => {
    expect(regressions({ ...LANE, ratio: 0.9 })).toEqual([]);
    expect(regressions({ ...LANE, ratio: 1.5, lane: { cpuSecondsPerMillion: 1, peakRssMiB: 100 } })).toEqual([]);
  });

  it('is a regression where less is worse, and where more is', () => {
    expect(regressions({ ...LANE, ratio: 0.8 })).toEqual(['ratio']);
    expect(regressions({ ...LANE, lane: { cpuSecondsPerMillion: 3.4, peakRssMiB: 270 } })).toEqual(['lane.cpuSecondsPerMillion', 'lane.peakRssMiB']);
  });

  it('may differ by as much as the runs of one of them did', () => {
    const wide = { min: 0.7, median: 0.95, max: 1.05 };
    expect(regressions({ ...LANE, ratio: 0.8, ratioSpread: wide })).toEqual([]);
    expect(regressions({ ...LANE, ratio: 0.5, ratioSpread: wide })).toEqual(['ratio']);
    expect(compareResults(LANE, LANE)[0]?.allowed).toBe(LEAST_NOISE);
  });

  it('leaves out what one of them lacks', () => {
    expect(compareResults({ bench: 'lane', ratio: 1 }, LANE).map(({ path }) => path)).toEqual(['ratio']);
    expect(compareResults({ bench: 'scale' }, { bench: 'scale' })).toEqual([]);
  });

  it('says in a line what changed, and what would have been noise', () => {
    const [ratio] = compareResults(LANE, { ...LANE, ratio: 0.76 });
    expect(ratio === undefined ? '' : comparisonLine(ratio)).toBe('REGRESSION ratio: 0.76, kept 0.95: 20.0 % worse, 10.0 % is noise');
  });
});

function regressions(now: Record<string, unknown>): string[] {
  return compareResults(LANE, now).filter(({ regression }) => regression).map(({ path }) => path);
}
