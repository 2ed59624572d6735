import type { BeatCount, BeatFigures, BeatTimes, Percentiles } from './read.ts';

const DAY_MS = 86_400_000;
const NONE: Percentiles = { p50: null, p95: null, p99: null };

/** One lane on one day (UTC), by its heartbeats. */
export interface LaneDay {
  readonly day: string;
  readonly lane: string;
  /** Intervals of the span, for every source partition that is known. */
  readonly expected: number;
  readonly received: number;
  /** Seen by another lane, not by this one. */
  readonly lost: number;
  /** Seen by no lane: not emitted, or not taken by ingest. */
  readonly absent: number;
  readonly duplicates: number;
  /** Received ÷ expected; null where none was expected. */
  readonly availability: number | null;
  readonly latency: Percentiles;
  readonly stages: Readonly<Record<string, Percentiles>>;
  /** The stage in which its heartbeats spent most of their time; null where no time is known. */
  readonly slowest: string | null;
}

export interface ReportSpan { readonly from: number; readonly until: number; readonly everyMs: number }

/** What the heartbeat indices of all regions say of each lane and day, in order of day and lane. */
export function beatReport(regions: readonly BeatFigures[], lanes: readonly string[], { from, until, everyMs }: ReportSpan): LaneDay[] {
  const firsts = regions.flatMap(({ first }) => (first === null ? [] : [first]));
  if (firsts.length === 0) return [];
  const since = Math.max(from, floor(Math.min(...firsts), everyMs));
  const counts = regions.flatMap((region) => region.counts);
  const partitions = new Set(counts.map(partitionOf)).size;
  const times = regions.flatMap((region) => region.times);
  return daysBetween(since, until).flatMap((day) => lanes.map((lane) => (
    laneDay({ day, lane, expected: partitions * slotsOf(day, since, until, everyMs) }, counts.filter((count) => count.day === day), times.find((each) => each.day === day && each.lane === lane))
  )));
}

function laneDay({ day, lane, expected }: { readonly day: string; readonly lane: string; readonly expected: number }, counts: readonly BeatCount[], times: BeatTimes | undefined): LaneDay {
  const own = counts.filter((count) => count.lane === lane);
  const received = sum(own, ({ slots }) => slots);
  const seen = sum([...Map.groupBy(counts, partitionOf).values()], (each) => Math.max(...each.map(({ slots }) => slots)));
  return {
    day, lane, expected, received,
    lost: Math.max(0, seen - received), absent: Math.max(0, expected - seen), duplicates: sum(own, ({ arrivals, slots }) => Math.max(0, arrivals - slots)),
    availability: expected === 0 ? null : Math.min(1, received / expected),
    latency: times?.latency ?? NONE, stages: times?.stages ?? {}, slowest: slowestOf(times?.stages ?? {}),
  };
}

/** By the median, so that one slow heartbeat names nothing. */
function slowestOf(stages: Readonly<Record<string, Percentiles>>): string | null {
  const known = Object.entries(stages).filter(([, { p50 }]) => p50 !== null);
  return known.toSorted(([, a], [, b]) => (b.p50 ?? 0) - (a.p50 ?? 0))[0]?.[0] ?? null;
}

function daysBetween(from: number, until: number): string[] {
  const days: string[] = [];
  for (let at = floor(from, DAY_MS); at < until; at += DAY_MS) days.push(new Date(at).toISOString().slice(0, 10));
  return days;
}

/** Intervals of a day that lie in the span. */
function slotsOf(day: string, since: number, until: number, everyMs: number): number {
  const start = Date.parse(day);
  return Math.max(0, Math.floor((Math.min(until, start + DAY_MS) - Math.max(since, start)) / everyMs));
}

function partitionOf({ topic, partition }: BeatCount): string {
  return `${topic}/${partition}`;
}

function sum<Value>(values: readonly Value[], of: (value: Value) => number): number {
  return values.reduce((total, value) => total + of(value), 0);
}

export function floor(value: number, step: number): number {
  return Math.floor(value / step) * step;
}
