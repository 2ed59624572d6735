import { describe, expect, it } from 'vitest';
import { pipelines } from '../../pipelines/index.ts';
import type { AuditedIndex } from '../../src/audit/audit.ts';
import { isRecent, Schedule } from '../../src/audit/schedule.ts';

const NOW = Date.UTC(2026, 10, 22, 12);
const MINUTE = 60_000;
const pipeline = pipelines.find(({ name }) => name === 'sold-items')!;
const day = (date: string): AuditedIndex => ({ pipeline, index: `t.sold-items-2026.${date}` });
const INDICES = [day('11.22'), day('11.21'), day('11.10'), day('11.09'), day('11.08')];

function rounds(minutes: number): string[] {
  const schedule = new Schedule({ recentEveryMs: 5 * MINUTE, olderEveryMs: 10 * MINUTE });
  const done: string[] = [];
  for (let now = NOW; now < NOW + minutes * MINUTE; ) {
    const next = schedule.next(INDICES, now)!;
    if (next.wait > 0) { now += next.wait; continue; }
    schedule.done(next.index, isRecent(next.index, now), now);
    done.push(next.index.index.slice(-5));
  }
  return done;
}

describe('the order of a continuous audit', () => {
  it('audits recent indices at their beat, and one older one after the other in between', () => {
    const done = rounds(60);
    for (const recent of ['11.22', '11.21']) expect(done.filter((index) => index === recent)).toHaveLength(12);
    for (const older of ['11.10', '11.09', '11.08']) expect(done.filter((index) => index === older)).toHaveLength(2);
    expect(done.slice(0, 3)).toEqual(['11.22', '11.21', '11.10']);
  });

  it('knows which are recent, by day and by month', () => {
    expect(INDICES.filter((index) => isRecent(index, NOW))).toHaveLength(2);
    expect(isRecent(day('11.20'), NOW)).toBe(true);
    const month = { pipeline: { ...pipeline, index: { ...pipeline.index, period: 'month' as const } }, index: 'x-2026.10' };
    expect(isRecent(month, NOW)).toBe(false);
    expect(isRecent(month, Date.UTC(2026, 10, 1, 12))).toBe(true);
  });

  it('has nothing to do without indices', () => {
    expect(new Schedule({ recentEveryMs: 1, olderEveryMs: 1 }).next([], NOW)).toBeNull();
  });
});
