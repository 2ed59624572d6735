import { rounded, spreadOf } from './statistics.ts';

/** What one run of one contestant gave. */
export interface Figures {
  readonly docsPerSecond: number;
  readonly cpuSecondsPerMillion: number;
  readonly peakRssMiB: number;
}

/** Medians of several runs, with the spread of the rate. */
export function summaryOf(runs: readonly Figures[]): Record<string, unknown> {
  const rate = spreadOf(runs.map((run) => run.docsPerSecond), 0);
  const cpu = spreadOf(runs.map((run) => run.cpuSecondsPerMillion), 2);
  const rss = runs.map((run) => run.peakRssMiB).filter(Number.isFinite);
  return { docsPerSecond: rate.median, docsPerSecondMin: rate.min, docsPerSecondMax: rate.max, cpuSecondsPerMillion: cpu.median, ...(rss.length === 0 ? {} : { peakRssMiB: rounded(Math.max(...rss), 0) }) };
}
