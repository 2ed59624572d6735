import { describe, expect, it } from 'vitest';
import { Random } from '../../src/inputs/generate/random.ts';
import { SearchGuard } from '../../src/rate/search-guard.ts';

const READING_SECONDS = 3;
const MINUTE_MS = 60_000;
/** In the middle of the quarter of an hour between two looks. */
const BEGAN = Date.UTC(2026, 10, 22, 12, 5);
const THREADS = 4;

/** A cluster whose searches get slower with every document per second that is sent to it. */
class Searched {
  #queries = 0;
  #queryMs = 0;
  queued = 0;
  turnedAway = 0;
  searchesPerSecond = 20;
  now = BEGAN;
  readonly #meanAt: (sent: number) => number;

  constructor(meanAt: (sent: number) => number) {
    this.#meanAt = meanAt;
  }

  /** Lets one interval pass in which a lane with endless input sends what it may. */
  round(guard: SearchGuard, most = 20_000): number {
    const sent = Math.min(most, guard.limit ?? most);
    const queries = this.searchesPerSecond * READING_SECONDS;
    this.now += READING_SECONDS * 1_000;
    this.#queries += queries;
    this.#queryMs += queries * this.#meanAt(sent);
    guard.observe({ queries: this.#queries, queryMs: this.#queryMs, queued: this.queued, threads: THREADS, turnedAway: this.turnedAway, pressure: 0 }, { seconds: READING_SECONDS, sent, now: this.now });
    return sent;
  }
}

const guardOf = (factor: number, baselineMs: number | null): SearchGuard => new SearchGuard({ factor, baselineMs, tail: 4.6 });

/** 20 ms undisturbed, 60 ms at 20,000 documents/s. */
const linear = (sent: number): number => 20 + sent / 500;

function settled(guard: SearchGuard, cluster: Searched, rounds = 60, last = 10): number[] {
  const sent = Array.from({ length: rounds }, () => cluster.round(guard));
  return sent.slice(-last);
}

/** Of so many readings, in how many nothing was sent. */
function stopped(guard: SearchGuard, cluster: Searched, rounds: number): number {
  return settled(guard, cluster, rounds, rounds).filter((sent) => sent === 0).length;
}

describe('the search guard', () => {
  it('makes do with a cluster whose searches seem to take no time, and notices when they do', () => {
    const [guard, cluster] = [guardOf(1.5, null), new Searched((sent) => (sent > 3_000 ? 5 : 0))];
    const sent = settled(guard, cluster, 100, 30);
    expect(guard.baselineMs).toBeGreaterThan(0);
    expect(Math.min(...sent)).toBeGreaterThan(500);
    expect(Math.max(...sent)).toBeLessThan(6_000);
  });

  it('sends little before it knows whether anybody searches', () => {
    const [guard, cluster] = [guardOf(1.5, null), new Searched(linear)];
    expect(guard.limit).toBe(500);
    cluster.searchesPerSecond = 1;
    cluster.round(guard);
    expect(guard.limit).toBe(500);
    cluster.round(guard);
    expect(guard.limit).toBeNull();
  });

  it('is back near where it was soon after a disturbance', () => {
    let disturbance = 1;
    const [guard, cluster] = [guardOf(2, null), new Searched((sent) => linear(sent) * disturbance)];
    const before = settled(guard, cluster, 100).at(-1) as number;
    disturbance = 2;
    settled(guard, cluster, 10);
    expect(guard.limit).toBeLessThan(before / 3);
    disturbance = 1;
    expect(settled(guard, cluster, 12).at(-1)).toBeGreaterThan(before * 0.6);
  });

  it('learns from undisturbed readings although some are disturbed', () => {
    let reading = 0;
    const guard = guardOf(1.5, null);
    settled(guard, new Searched((sent) => linear(sent) * (reading++ % 4 === 0 ? 3 : 1)), 14);
    expect(guard.baselineMs).toBeCloseTo(linear(0), 6);
  });

  it('sends nothing while it learns how fast search is without it', () => {
    const [guard, cluster] = [guardOf(1.5, null), new Searched(linear)];
    expect(Array.from({ length: 15 }, () => cluster.round(guard))).toEqual([500, 500, ...new Array<number>(12).fill(0), 500]);
  });

  it('does not stop a lane that sends less than it may before anything is known', () => {
    const [guard, cluster] = [guardOf(1.5, null), new Searched(linear)];
    for (let round = 0; round < 60; round += 1) expect(cluster.round(guard, 250)).toBe(250);
    expect(guard.limit).toBe(500);
    expect(guard.baselineMs).toBeNull();
  });

  it('is careful when searches begin while a lane sends all it has', () => {
    const [guard, cluster] = [guardOf(1.5, null), new Searched(linear)];
    cluster.searchesPerSecond = 1;
    settled(guard, cluster);
    cluster.searchesPerSecond = 20;
    expect(Array.from({ length: 4 }, () => cluster.round(guard))).toEqual([20_000, 500, 0, 0]);
  });

  it('lets the lane send all it has where nobody searches', () => {
    const [guard, cluster] = [guardOf(1.5, null), new Searched(linear)];
    cluster.searchesPerSecond = 1;
    expect(settled(guard, cluster)).toEqual(new Array(10).fill(20_000));
  });

  it('learns how fast search is undisturbed, then leaves indexing what search can bear', () => {
    const [guard, cluster] = [guardOf(1.5, null), new Searched(linear)];
    const sent = settled(guard, cluster);
    expect(Math.min(...sent)).toBeGreaterThan(900);
    expect(Math.max(...sent)).toBeLessThan(1_300);
    expect(guard.baselineMs).toBeCloseTo(linear(0), 6);
  });

  it('leaves more where the operator lets search suffer more', () => {
    const rates = [1.3, 1.5, 2, 4].map((factor) => settled(guardOf(factor, 20), new Searched(linear)).at(-1) as number);
    expect(rates).toEqual(rates.toSorted((a, b) => a - b));
    expect(rates[3]).toBeGreaterThan((rates[0] as number) * 3);
  });

  it('never starves the lane, however slow search is', () => {
    const [guard, cluster] = [guardOf(1.3, 1), new Searched(() => 10_000)];
    expect(Math.min(...settled(guard, cluster))).toBeGreaterThanOrEqual(50);
  });

  it('yields at once where searches queue or are turned away', () => {
    const [guard, cluster] = [guardOf(2, 20), new Searched(linear)];
    const before = settled(guard, cluster).at(-1) as number;
    cluster.queued = THREADS * 10;
    for (let round = 0; round < 4; round += 1) cluster.round(guard);
    expect(guard.limit).toBeLessThan(before / 8);
    cluster.queued = 0;
    expect(settled(guard, cluster).at(-1)).toBeGreaterThan(before * 0.8);
  });

  it('minds no queue that one search over many shards makes', () => {
    const [guard, cluster] = [guardOf(2, 20), new Searched(linear)];
    cluster.queued = THREADS * 2;
    const calm = settled(guardOf(2, 20), new Searched(linear)).at(-1) as number;
    expect(settled(guard, cluster).at(-1)).toBeCloseTo(calm, 6);
  });

  it('comes to the same rate whether a reading is a little fast or a little slow', () => {
    const rateAt = (noise: number): number => {
      let at = 0;
      const sent = settled(guardOf(1.5, null), new Searched((rate) => linear(rate) * (1 + (at++ % 2 === 0 ? noise : -noise))), 200);
      return sent.reduce((sum, one) => sum + one, 0) / sent.length;
    };
    expect(Math.abs(rateAt(0.03) / rateAt(0) - 1)).toBeLessThan(0.2);
  });

  it('takes nothing for an alarm that chance explains', () => {
    const least = Array.from({ length: 10 }, (_, run) => {
      const random = new Random(run);
      const [guard, cluster] = [guardOf(1.3, null), new Searched((sent) => linear(sent) * (0.84 + 0.32 * random.unit()))];
      return Math.min(...settled(guard, cluster, 200, 140).filter((sent) => sent > 0));
    });
    expect(Math.min(...least)).toBeGreaterThan(100);
  });

  it('looks anew at undisturbed searches every quarter of an hour, and goes on where it was', () => {
    const [guard, cluster] = [guardOf(1.5, null), new Searched(linear)];
    const before = settled(guard, cluster).at(-1) as number;
    cluster.now = BEGAN + 9 * MINUTE_MS + 58_000;
    expect(settled(guard, cluster, 6).slice(2)).toEqual([0, 0, 0, 0]);
    expect(settled(guard, cluster, 10).at(-1)).toBeGreaterThan(before * 0.8);
  });

  it('does not slow a lane for a look that sends less than it may', () => {
    const [guard, cluster] = [guardOf(2, null), new Searched(linear)];
    settled(guard, cluster, 100);
    cluster.now = BEGAN + 24 * MINUTE_MS + 58_000;
    for (let round = 0; round < 6; round += 1) expect(cluster.round(guard, 800)).toBe(800);
  });

  it('follows searches that have become slower for good', () => {
    let slower = 1;
    const [guard, cluster] = [guardOf(1.5, null), new Searched((sent) => linear(sent) * slower)];
    const before = settled(guard, cluster).at(-1) as number;
    slower = 2;
    for (let look = 1; look <= 8; look += 1) {
      cluster.now = BEGAN + look * 15 * MINUTE_MS;
      settled(guard, cluster);
    }
    expect(guard.baselineMs).toBeCloseTo(linear(0) * 2, 0);
    expect(settled(guard, cluster).at(-1)).toBeGreaterThan(before * 0.7);
  });

  it('does not hold a lane down for long by what it learned wrong', () => {
    let reading = 0;
    const [guard, cluster] = [guardOf(1.5, null), new Searched((sent) => linear(sent) * (reading++ < 13 ? 0.6 : 1))];
    expect(Math.min(...settled(guard, cluster, 26))).toBeLessThan(100);
    expect(settled(guard, cluster, 80).at(-1)).toBeGreaterThan(500);
    expect(guard.baselineMs).toBeGreaterThan(19);
  });

  it('looks ever more seldom where search really bears no more', () => {
    const [guard, cluster] = [guardOf(1.5, null), new Searched((sent) => 20 + Math.min(sent, 100))];
    settled(guard, cluster, 20);
    const [early, late] = [stopped(guard, cluster, 80), stopped(guard, cluster, 80)];
    expect(early).toBeGreaterThan(0);
    expect(late).toBeLessThan(early);
  });

  it('looks ever more seldom also where searches are slower at any rate, and begin to be so with a delay', () => {
    let quiet = true;
    const [guard, cluster] = [guardOf(1.5, null), new Searched((sent) => {
      const mean = quiet ? 20 : 23;
      quiet = sent === 0;
      return mean;
    })];
    settled(guard, cluster, 20);
    const [early, late] = [stopped(guard, cluster, 150), stopped(guard, cluster, 150)];
    expect(early).toBeGreaterThan(0);
    expect(late).toBeLessThan(early / 1.5);
  });

  it('takes the tail for how much more the slowest suffer than the mean', () => {
    const rateAt = (tail: number) => settled(new SearchGuard({ factor: 1.5, baselineMs: 20, tail }), new Searched(linear)).at(-1) as number;
    expect(rateAt(2) / rateAt(4)).toBeCloseTo(2, 1);
  });

  it('stays low for as long as searches are turned away', () => {
    const [guard, cluster] = [guardOf(1.5, null), new Searched(linear)];
    settled(guard, cluster);
    for (let round = 0; round < 60; round += 1) {
      cluster.turnedAway += 1;
      cluster.round(guard);
    }
    expect(guard.limit).toBe(50);
  });

  it('takes no notice of differences that are too small to matter', () => {
    const [guard, cluster] = [guardOf(1.3, 0.1), new Searched((sent) => (sent > 500 ? 0.19 : 0.1))];
    expect(settled(guard, cluster, 100).at(-1)).toBe(20_000);
  });

  it('can be switched off and on', () => {
    const [guard, cluster] = [guardOf(1.3, 20), new Searched(linear)];
    settled(guard, cluster);
    guard.factor = 0;
    expect(guard.limit).toBeNull();
    expect(settled(guard, cluster).at(-1)).toBe(20_000);
    guard.factor = 1.3;
    expect(settled(guard, cluster).at(-1)).toBeLessThan(6_000);
  });

  it('goes on from where it was after a node began to count anew', () => {
    const guard = guardOf(1.5, 20);
    settled(guard, new Searched(linear));
    const before = guard.limit;
    new Searched(linear).round(guard);
    expect(guard.limit).toBe(before);
  });
});
