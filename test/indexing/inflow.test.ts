import { describe, expect, it } from 'vitest';
import { Inflow } from '../../src/indexing/inflow.ts';

const ends = (...of: readonly number[]) => of.map((end, partition) => ({ topic: 't', partition, end }));

describe('what comes in for a host', () => {
  it('is told in records a second, over all its partitions', () => {
    const inflow = new Inflow();
    expect(inflow.observe(ends(1_000, 5_000), 0)).toBe(0);
    expect(inflow.observe(ends(1_200, 5_300), 2_000)).toBe(250);
  });

  it('follows what changes, not each leap', () => {
    const inflow = new Inflow();
    for (let second = 0; second <= 20; second += 2) inflow.observe(ends(second * 100), second * 1_000);
    expect(inflow.observe(ends(4_000), 22_000)).toBeLessThan(500);
    for (let second = 24; second <= 80; second += 2) inflow.observe(ends(4_000 + (second - 22) * 1_000), second * 1_000);
    expect(inflow.observe(ends(64_000), 82_000)).toBeCloseTo(1_000, -1);
  });

  it('does not take a partition that was just given to the host for records that came in', () => {
    const inflow = new Inflow();
    inflow.observe(ends(0), 0);
    inflow.observe(ends(200), 2_000);
    expect(inflow.observe(ends(400, 1_000_000), 4_000)).toBe(100);
    expect(inflow.observe(ends(600), 6_000)).toBe(100);
  });
});
