import { describe, expect, it } from 'vitest';
import type { BeatCount, BeatFigures } from '../../src/heartbeat/read.ts';
import { beatReport } from '../../src/heartbeat/report.ts';

const DAY = Date.parse('2026-11-25');
const NEXT = DAY + 86_400_000;
const LANES = ['west-west', 'east-west', 'west-east', 'east-east'];
const times = (p50: number) => ({ p50, p95: p50 * 2, p99: p50 * 3 });

function count(lane: string | null, slots: number, partition = 0, arrivals = slots, day = '2026-11-25'): BeatCount {
  return { day, lane, topic: 'events.things', partition, slots, arrivals };
}
function region(...counts: readonly BeatCount[]): BeatFigures {
  return { first: DAY, counts, times: [{ day: '2026-11-25', lane: 'west-west', latency: times(100), stages: { source: times(5), bulk: times(60), settle: times(20) } }] };
}

describe('the report of heartbeats', () => {
  it('of a whole day expects 8,640 a partition', () => {
    const [west] = beatReport([region(count('west-west', 8_640), count(null, 8_640), count('west-west', 8_640, 1), count(null, 8_640, 1))], ['west-west'], { from: DAY, until: NEXT, everyMs: 10_000 });
    expect(west).toMatchObject({ day: '2026-11-25', expected: 17_280, received: 17_280, lost: 0, absent: 0, duplicates: 0, availability: 1, latency: times(100), slowest: 'bulk' });
  });

  it('tells what one lane lost from what no lane has, and counts repeats', () => {
    const report = beatReport([region(count('west-west', 90, 0, 95), count('east-west', 60), count(null, 90)), region(count('west-east', 90), count(null, 90))], LANES, { from: DAY, until: DAY + 1_000_000, everyMs: 10_000 });
    expect(report.map(({ lane, expected, received, lost, absent, duplicates, availability }) => [lane, expected, received, lost, absent, duplicates, availability])).toEqual([
      ['west-west', 100, 90, 0, 10, 5, 0.9], ['east-west', 100, 60, 30, 10, 0, 0.6], ['west-east', 100, 90, 0, 10, 0, 0.9], ['east-east', 100, 0, 90, 10, 0, 0],
    ]);
  });

  it('begins with the first heartbeat there ever was, and goes by days', () => {
    const figures = { ...region(count('west-west', 360), count(null, 360), count('west-west', 8_640, 0, 8_640, '2026-11-26'), count(null, 8_640, 0, 8_640, '2026-11-26')), first: NEXT - 3_600_000 + 40 };
    const report = beatReport([figures], ['west-west'], { from: DAY - 86_400_000, until: NEXT + 86_400_000, everyMs: 10_000 });
    expect(report.map(({ day, expected, availability }) => [day, expected, availability])).toEqual([['2026-11-25', 360, 1], ['2026-11-26', 8_640, 1]]);
  });

  it('is empty where none was ever received', () => {
    expect(beatReport([{ first: null, counts: [], times: [] }], LANES, { from: DAY, until: NEXT, everyMs: 10_000 })).toEqual([]);
  });
});
