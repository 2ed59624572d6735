import { median, rounded, spreadOf } from './statistics.ts';

/** What one run of one contestant gave. */
export interface Figures {
  readonly docsPerSecond: number;
  readonly cpuSecondsPerMillion: number;
  readonly peakRssMiB: number;
  /** What it cost the other side; absent where nobody asked. */
  readonly elasticsearchCpuSecondsPerMillion?: number;
}

/** Medians of several runs, the largest memory, and the spreads. */
export function summaryOf(runs: readonly Figures[]): Record<string, unknown> {
  const rate = spreadOf(runs.map((run) => run.docsPerSecond), 0);
  const cpu = spreadOf(runs.map((run) => run.cpuSecondsPerMillion), 2);
  const rss = spreadOf(runs.map((run) => run.peakRssMiB), 0);
  const servers = median(runs.map((run) => run.elasticsearchCpuSecondsPerMillion ?? Number.NaN));
  return { docsPerSecond: rate.median, cpuSecondsPerMillion: cpu.median, peakRssMiB: rss.max, ...(Number.isNaN(servers) ? {} : { elasticsearchCpuSecondsPerMillion: rounded(servers, 1) }), spread: { docsPerSecond: rate, cpuSecondsPerMillion: cpu, peakRssMiB: rss } };
}

/** One run, for people. */
export function figuresLine({ docsPerSecond, cpuSecondsPerMillion, peakRssMiB, elasticsearchCpuSecondsPerMillion }: Figures): string {
  const servers = elasticsearchCpuSecondsPerMillion === undefined ? '' : `, Elasticsearch ${rounded(elasticsearchCpuSecondsPerMillion)} CPU-s per million`;
  return `${rounded(docsPerSecond, 0)} documents/s, ${rounded(cpuSecondsPerMillion, 2)} CPU-s per million, ${rounded(peakRssMiB, 0)} MiB${servers}`;
}
