import { describe, expect, it } from 'vitest';
import { Window } from '../../src/rate/window.ts';
import { simulate, type ClusterShape } from './simulated-cluster.ts';

/** 24 operations/ms in all, as a small cluster takes them. */
const HEALTHY: ClusterShape = { speed: 12, threads: 2, overheadMs: 8, queue: 100_000 };
const CAPACITY = 24_000;
const MOST = 15_000;

function window(start = 1_000): Window {
  return new Window({ start, most: MOST, targetMs: 2_000 });
}

function between(perSecond: readonly number[], from: number, until: number): number {
  const part = perSecond.slice(from, until);
  return part.reduce((sum, count) => sum + count, 0) / part.length;
}

describe('the window', () => {
  it('finds what a healthy cluster can take within seconds', () => {
    const { perSecond, refused } = simulate(window(), HEALTHY, 20);
    expect(between(perSecond, 3, 20)).toBeGreaterThan(CAPACITY * 0.9);
    expect(refused).toBe(0);
  });

  it('does not grow for nothing: where throughput stays, latency stays, too', () => {
    const small: ClusterShape = { speed: 2, threads: 2, overheadMs: 1, queue: 100_000 };
    const { sizes, perSecond } = simulate(window(), small, 30);
    expect(between(perSecond, 3, 30)).toBeGreaterThan(4_000 * 0.9);
    expect(sizes.at(-1)).toBeLessThan(MOST / 2);
  });

  it('sees operations that are refused inside a 200', () => {
    const narrow: ClusterShape = { speed: 12, threads: 1, overheadMs: 8, queue: 500 };
    const { perSecond, refused, taken } = simulate(window(), narrow, 300);
    expect(between(perSecond, 3, 300)).toBeGreaterThan(12_000 * 0.85);
    // What was refused is tried again once in half a minute, not at every round.
    expect(refused / taken).toBeLessThan(0.01);
  });

  it('keeps going where the cluster is slow but takes everything', () => {
    const slowed = simulate(window(), HEALTHY, 40, [{ from: 10_000, until: 30_000, speed: 0.1 }]);
    expect(between(slowed.perSecond, 12, 30)).toBeGreaterThan(2_400 * 0.85);
    expect(between(slowed.perSecond, 33, 40)).toBeGreaterThan(CAPACITY * 0.85);
  });

  it('shrinks where answers take longer than wanted', () => {
    const { sizes } = simulate(window(MOST), HEALTHY, 30, [{ from: 5_000, until: 30_000, speed: 0.02 }]);
    expect(sizes.at(-1)).toBeLessThan(MOST / 5);
  });

  it('is back at once after a block of any length', () => {
    const blocked = simulate(window(), HEALTHY, 660, [{ from: 20_000, until: 620_000, speed: 0 }]);
    expect(between(blocked.perSecond, 622, 625)).toBeGreaterThan(CAPACITY * 0.8);
    expect(between(blocked.perSecond, 625, 660)).toBeGreaterThan(CAPACITY * 0.93);
  });

  it('learns nothing from requests that only the input kept small', () => {
    const open = window();
    for (let at = 0; at < 100_000; at += 20) open.observe({ sentAt: at, answeredAt: at + 5, operations: 5, refused: 0, limited: false });
    expect(open.size).toBe(1_000);
  });

  it('is cut once per round trip, however many of its requests are refused', () => {
    const open = window(8_000);
    for (const sentAt of [0, 1, 2, 3]) open.observe({ sentAt, answeredAt: 10 + sentAt, operations: 2_000, refused: 10, limited: true });
    expect(open.size).toBe(4_000);
    open.observe({ sentAt: 20, answeredAt: 25, operations: 2_000, refused: 1, limited: true });
    expect(open.size).toBe(2_000);
  });
});
