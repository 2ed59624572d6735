import { describe, expect, it } from 'vitest';
import { ageText, laneRows, lastBatchOf } from '../../src/control/cli/lane-report.ts';
import { table } from '../../src/control/cli/table.ts';
import { lagBetween } from '../../src/control/lag.ts';

describe('lag', () => {
  const range = (partition: number, earliest: number, latest: number) => ({ topic: 't', partition, earliest, latest });

  it('counts from the committed position, from the first record where there is none, never below what retention left', () => {
    expect(lagBetween([range(0, 0, 10), range(1, 5, 8), range(2, 50, 60)], [{ topic: 't', partition: 0, offset: 4 }, { topic: 't', partition: 2, offset: 3 }])).toBe(6 + 3 + 10);
  });

  it('is never negative', () => {
    expect(lagBetween([range(0, 0, 10)], [{ topic: 't', partition: 0, offset: 12 }])).toBe(0);
  });
});

describe('a lane report', () => {
  it('reads the newest batch document', () => {
    const answer = { hits: { hits: [{ _source: { host: 'h', end_time: '2026-11-22T00:00:00.000Z', counts: { applied: 5, superseded: 1, rejected: 0 }, ranges: [{ records: 4 }, { records: 2 }] } }] } };
    expect(lastBatchOf(answer)).toEqual({ host: 'h', endTime: Date.UTC(2026, 10, 22), applied: 5, superseded: 1, rejected: 0, records: 6 });
    expect(lastBatchOf({ hits: { hits: [] } })).toBeNull();
  });

  it('shows what is not known as such', () => {
    expect(laneRows([{ lane: 'a-b', lagRecords: null, lastBatch: null, problem: 'x' }], 0)[0]?.slice(0, 3)).toEqual(['a-b', '?', 'none']);
  });

  it('tells ages in a readable unit', () => {
    expect([5_000, 300_000, 20_000_000, 999_999_999].map(ageText)).toEqual(['5 s', '5 min', '6 h', '12 d']);
  });
});

it('a table sets numbers to the right', () => {
  expect(table(['lane', 'lag'], [['west', 5], ['e', 1_200]]).split('\n').slice(1)).toEqual(['west      5', 'e     1,200']);
});
