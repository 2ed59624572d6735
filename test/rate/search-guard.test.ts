import { describe, expect, it } from 'vitest';
import { SearchGuard } from '../../src/rate/search-guard.ts';

const READING_SECONDS = 3;

/** A cluster whose searches get slower with every document per second that is sent to it. */
class Searched {
  #queries = 0;
  #queryMs = 0;
  queued = 0;
  turnedAway = 0;
  searchesPerSecond = 20;
  readonly #meanAt: (sent: number) => number;

  constructor(meanAt: (sent: number) => number) {
    this.#meanAt = meanAt;
  }

  /** Lets one interval pass in which a lane with endless input sends what it may. */
  round(guard: SearchGuard, most = 20_000): number {
    const sent = Math.min(most, guard.limit ?? most);
    const queries = this.searchesPerSecond * READING_SECONDS;
    this.#queries += queries;
    this.#queryMs += queries * this.#meanAt(sent);
    guard.observe({ queries: this.#queries, queryMs: this.#queryMs, queued: this.queued, turnedAway: this.turnedAway, pressure: 0 }, sent);
    return sent;
  }
}

/** 20 ms undisturbed, 60 ms at 20,000 documents/s. */
const linear = (sent: number): number => 20 + sent / 500;

function settled(guard: SearchGuard, cluster: Searched, rounds = 60): number[] {
  const sent = Array.from({ length: rounds }, () => cluster.round(guard));
  return sent.slice(-10);
}

describe('the search guard', () => {
  it('lets the lane send all it has where nobody searches', () => {
    const [guard, cluster] = [new SearchGuard(1.5, null), new Searched(linear)];
    cluster.searchesPerSecond = 1;
    expect(settled(guard, cluster)).toEqual(new Array(10).fill(20_000));
  });

  it('learns how fast search is undisturbed, then leaves indexing what search can bear', () => {
    const [guard, cluster] = [new SearchGuard(1.5, null), new Searched(linear)];
    const sent = settled(guard, cluster);
    expect(Math.min(...sent)).toBeGreaterThan(2_000);
    expect(Math.max(...sent)).toBeLessThan(6_000);
    expect(guard.baselineMs).toBeGreaterThan(19);
    expect(guard.baselineMs).toBeLessThan(23);
  });

  it('leaves more where the operator lets search suffer more', () => {
    const rates = [1.3, 1.5, 2, 4].map((factor) => settled(new SearchGuard(factor, 20), new Searched(linear)).at(-1) as number);
    expect(rates).toEqual(rates.toSorted((a, b) => a - b));
    expect(rates[3]).toBeGreaterThan((rates[0] as number) * 3);
  });

  it('never starves the lane, however slow search is', () => {
    const [guard, cluster] = [new SearchGuard(1.3, 1), new Searched(() => 10_000)];
    expect(Math.min(...settled(guard, cluster))).toBeGreaterThanOrEqual(50);
  });

  it('yields at once where searches queue or are turned away', () => {
    const [guard, cluster] = [new SearchGuard(2, 20), new Searched(linear)];
    const before = settled(guard, cluster).at(-1) as number;
    cluster.queued = 3;
    for (let round = 0; round < 4; round += 1) cluster.round(guard);
    expect(guard.limit).toBeLessThan(before / 8);
    cluster.queued = 0;
    expect(settled(guard, cluster).at(-1)).toBeGreaterThan(before * 0.8);
  });

  it('takes no notice of differences that are too small to matter', () => {
    const [guard, cluster] = [new SearchGuard(1.3, 1), new Searched((sent) => (sent > 500 ? 2.5 : 1))];
    expect(settled(guard, cluster, 100).at(-1)).toBe(20_000);
  });

  it('can be switched off and on', () => {
    const [guard, cluster] = [new SearchGuard(1.3, 20), new Searched(linear)];
    settled(guard, cluster);
    guard.factor = 0;
    expect(guard.limit).toBeNull();
    expect(settled(guard, cluster).at(-1)).toBe(20_000);
    guard.factor = 1.3;
    expect(settled(guard, cluster).at(-1)).toBeLessThan(6_000);
  });

  it('goes on from where it was after a node began to count anew', () => {
    const guard = new SearchGuard(1.5, 20);
    settled(guard, new Searched(linear));
    const before = guard.limit;
    new Searched(linear).round(guard);
    expect(guard.limit).toBe(before);
  });
});
