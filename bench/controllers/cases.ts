import type { ClusterShape, Episode } from '../../test/rate/simulated-cluster.ts';

/** Something that a cluster can do to those who write to it. */
export interface Case {
  readonly name: string;
  readonly shape: ClusterShape;
  readonly seconds: number;
  readonly episodes: readonly Episode[];
}

const HEALTHY: ClusterShape = { speed: 12, threads: 2, overheadMs: 8, queue: 100_000 };
const SMALL: ClusterShape = { speed: 2, threads: 2, overheadMs: 1, queue: 100_000 };
const NARROW: ClusterShape = { speed: 12, threads: 1, overheadMs: 8, queue: 500 };

export const CASES: readonly Case[] = [
  { name: 'steady', shape: HEALTHY, seconds: 120, episodes: [] },
  { name: 'steady for two hours', shape: HEALTHY, seconds: 7_200, episodes: [] },
  { name: 'steady, a sixth of the speed', shape: SMALL, seconds: 120, episodes: [] },
  { name: 'refused inside a 200', shape: NARROW, seconds: 600, episodes: [] },
  { name: 'slow, but takes everything', shape: HEALTHY, seconds: 120, episodes: [{ from: 20_000, until: 80_000, speed: 0.1 }] },
  { name: 'blocked for ten minutes', shape: HEALTHY, seconds: 700, episodes: [{ from: 20_000, until: 620_000, speed: 0 }] },
  { name: 'half the capacity for a while', shape: HEALTHY, seconds: 180, episodes: [{ from: 60_000, until: 120_000, speed: 0.5 }] },
  { name: 'three times the capacity later', shape: SMALL, seconds: 180, episodes: [{ from: 60_000, until: 180_000, speed: 3 }] },
  { name: 'merges: 5 s in 20 at half speed', shape: HEALTHY, seconds: 180, episodes: everyFewSeconds(20_000, 5_000, 0.5, 180_000) },
  { name: 'pauses: 400 ms in 7 s', shape: HEALTHY, seconds: 120, episodes: everyFewSeconds(7_000, 400, 0.02, 120_000) },
];

/** Operations that the cluster could take in the whole time. */
export function capacityOf({ shape, seconds, episodes }: Case): number {
  const perMs = shape.speed * shape.threads;
  return episodes.reduce((sum, { from, until, speed }) => sum + perMs * (until - from) * (speed - 1), perMs * seconds * 1_000);
}

function everyFewSeconds(everyMs: number, lengthMs: number, speed: number, untilMs: number): Episode[] {
  return Array.from({ length: Math.floor(untilMs / everyMs) }, (_, at) => ({ from: (at + 1) * everyMs - lengthMs, until: (at + 1) * everyMs, speed }));
}
