import { spreadOf, type Spread } from './statistics.ts';

/** What a bench printed. */
export type Result = Readonly<Record<string, unknown>>;

/** A figure that is held against the baseline; paths lead into the result, `spread` to the figure's least, median and largest. */
interface Held { readonly path: string; readonly better: 'more' | 'less'; readonly spread?: string }

/** Less than this is noise whatever the spread says: two runs on one machine differ by as much. */
export const LEAST_NOISE = 0.1;

/** Ratios, CPU and memory: rates and times of different machines cannot be compared, these can come near to it. */
const HELD: Readonly<Record<string, readonly Held[]>> = {
  lane: [
    { path: 'ratio', better: 'more', spread: 'ratioSpread' },
    { path: 'lane.cpuSecondsPerMillion', better: 'less', spread: 'lane.spread.cpuSecondsPerMillion' },
    { path: 'lane.peakRssMiB', better: 'less', spread: 'lane.spread.peakRssMiB' },
    { path: 'cpuOfNaive', better: 'less' },
  ],
  'catch-up': [
    { path: 'ratio', better: 'more', spread: 'ratioSpread' },
    { path: 'lane.cpuSecondsPerMillion', better: 'less', spread: 'lane.spread.cpuSecondsPerMillion' },
  ],
  ingest: [
    { path: 'oneRegion.cpuSecondsPerMillion', better: 'less', spread: 'oneRegion.spread.cpuSecondsPerMillion' },
    { path: 'bothRegions.cpuSecondsPerMillion', better: 'less', spread: 'bothRegions.spread.cpuSecondsPerMillion' },
    { path: 'bothRegions.peakRssMiB', better: 'less', spread: 'bothRegions.spread.peakRssMiB' },
  ],
  latency: [{ path: 'p50Ms', better: 'less' }, { path: 'p99Ms', better: 'less' }, { path: 'laneCpuPercent', better: 'less' }],
  'hot-path': [{ path: 'microsecondsPerRecord.decodeAndBuild_none', better: 'less' }, { path: 'microsecondsPerRecord.decodeAndBuild_lz4', better: 'less' }],
  memory: [{ path: 'peakMiB', better: 'less' }],
  starts: [
    { path: 'lane.firstDocumentsMs.median', better: 'less', spread: 'lane.firstDocumentsMs' },
    { path: 'ingest.firstRecordsMs.median', better: 'less', spread: 'ingest.firstRecordsMs' },
  ],
};

/** One figure, then and now. */
export interface Comparison {
  readonly path: string;
  readonly kept: number;
  readonly now: number;
  /** How much worse it is, as a share of what was kept; negative when better. */
  readonly worseBy: number;
  /** More than this is a regression: the wider of both spreads (largest less least ÷ median), `LEAST_NOISE` at least. */
  readonly allowed: number;
  readonly regression: boolean;
}

/** Holds a result against the kept one of the same bench; figures that one of them lacks are left out. */
export function compareResults(kept: Result, now: Result): Comparison[] {
  const held = HELD[String(now['bench'])] ?? [];
  return held.flatMap(({ path, better, spread }) => {
    const [before, after] = [numberAt(kept, path), numberAt(now, path)];
    if (before === null || after === null || before === 0) return [];
    const worseBy = (better === 'more' ? before - after : after - before) / before;
    const allowed = Math.max(LEAST_NOISE, spread === undefined ? 0 : widthOf(at(kept, spread)), spread === undefined ? 0 : widthOf(at(now, spread)));
    return [{ path, kept: before, now: after, worseBy, allowed, regression: worseBy > allowed }];
  });
}

/** One line for people. */
export function comparisonLine({ path, kept, now, worseBy, allowed, regression }: Comparison): string {
  const change = `${Math.abs(worseBy * 100).toFixed(1)} % ${worseBy > 0 ? 'worse' : 'better'}`;
  return `${regression ? 'REGRESSION ' : ''}${path}: ${now}, kept ${kept}: ${change}, ${(allowed * 100).toFixed(1)} % is noise`;
}

function widthOf(value: unknown): number {
  const { min, median, max } = (value ?? spreadOf([])) as Spread;
  const width = (max - min) / median;
  return Number.isFinite(width) ? width : 0;
}

function numberAt(result: Result, path: string): number | null {
  const value = at(result, path);
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

function at(result: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((value, key) => (typeof value === 'object' && value !== null ? (value as Result)[key] : undefined), result);
}
