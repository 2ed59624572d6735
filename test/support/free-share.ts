import type { RegionShare } from '../../src/rate/borrowed-rate.ts';

/** Borrowed of a cluster of which nothing is capped. */
export const FREE_SHARE: RegionShare = { room: async () => Number.POSITIVE_INFINITY, take: async () => {} };
/** The same of every cluster. */
export const FREE_SHARES = sharesOf(() => FREE_SHARE);

/** What is borrowed of each cluster. */
export function sharesOf(of: (region: string) => RegionShare): { of(region: string): RegionShare; rest(): void } {
  return { of, rest: () => {} };
}
