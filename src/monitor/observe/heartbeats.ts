import { HEARTBEATS_INDEX } from '../../domain/system-names.ts';
import type { Json, SearchAdmin } from '../../ports/search-index.ts';
import type { BeatWindow, HeartbeatFacts } from './observation.ts';

const NOT_FOUND = 404;
const MAX_LANES = 100;
const MINUTE_MS = 60_000;
const P95 = 95;
/** The windows that are asked at every look, and those that are dear, ms. */
export const SHORT_WINDOWS = [MINUTE_MS, 5 * MINUTE_MS];
export const LONG_WINDOWS = [30 * MINUTE_MS, 60 * MINUTE_MS, 360 * MINUTE_MS, 1_440 * MINUTE_MS];

export interface BeatAsking {
  readonly search: SearchAdmin;
  readonly prefix: string;
  readonly now: number;
  readonly timeoutMs: number;
  /** A heartbeat that took longer is late, ms. */
  readonly freshnessMs: number;
  readonly everyMs: number;
  readonly stages: readonly string[];
}

/** What of each lane, without what the other question knows. */
export type LaneBeats = Omit<HeartbeatFacts, 'since'>;

/**
 * The heartbeats of each lane into a region, in windows of whole intervals that end `freshnessMs` ago: younger ones may still come in time.
 * Rejects with SluiceError `ELASTICSEARCH_*`.
 */
export async function laneBeats({ search, prefix, timeoutMs, freshnessMs, stages, ...asking }: BeatAsking, windows: readonly number[]): Promise<LaneBeats[]> {
  const until = endOf({ freshnessMs, ...asking });
  const longest = Math.max(...windows);
  const counted = { received: { cardinality: { field: 'beat', precision_threshold: 40_000 } }, on_time: { filter: { range: { latency_ms: { lte: freshnessMs } } }, aggs: { beats: { cardinality: { field: 'beat', precision_threshold: 40_000 } } } } };
  const ranges = Object.fromEntries(windows.map((ms) => [`w${ms}`, { filter: { range: { '@timestamp': { gte: until - ms, lt: until, format: 'epoch_millis' } } }, aggs: counted }]));
  const medians = Object.fromEntries(stages.map((stage) => [stage, { percentiles: { field: `stages.${stage}_ms`, percents: [50] } }]));
  const aggs = { last: { max: { field: '@timestamp' } }, latency: { percentiles: { field: 'latency_ms', percents: [P95] } }, ...medians, ...ranges };
  const body = { size: 0, query: { range: { '@timestamp': { gte: until - longest, format: 'epoch_millis' } } }, aggs: { lanes: { terms: { field: 'lane', size: MAX_LANES }, aggs } } };
  const buckets = await ask(search, prefix, body, timeoutMs, 'lanes');
  return ((buckets?.['buckets'] ?? []) as Json[]).map((bucket) => ({
    lane: String(bucket['key']), lastEmitted: Number((bucket['last'] as { value: number }).value), latencyMs: percentile(bucket['latency'], P95),
    stages: Object.fromEntries(stages.map((stage) => [stage, percentile(bucket[stage], 50) ?? 0])),
    windows: windows.map((ms) => ({ ms, until, ...countsOf(bucket[`w${ms}`] as Json) })),
  }));
}

function endOf({ now, freshnessMs, everyMs }: Pick<BeatAsking, 'now' | 'freshnessMs' | 'everyMs'>): number {
  return Math.floor((now - freshnessMs) / Math.max(1, everyMs)) * Math.max(1, everyMs);
}

/** When a region's first heartbeat was emitted; null where there is none. Rejects with SluiceError `ELASTICSEARCH_*`. */
export async function firstBeat({ search, prefix, timeoutMs }: BeatAsking): Promise<number | null> {
  const first = await ask(search, prefix, { size: 0, aggs: { first: { min: { field: '@timestamp' } } } }, timeoutMs, 'first');
  return (first?.['value'] ?? null) as number | null;
}

/** The windows of both questions under one lane; who is known to one only counts as nothing in the other's windows. */
export function joined(short: readonly LaneBeats[], long: readonly LaneBeats[], { since, until }: { readonly since: number | null; readonly until: number }): HeartbeatFacts[] {
  const lanes = new Set([...short, ...long].map(({ lane }) => lane));
  return [...lanes].map((lane) => {
    const [recent, past] = [short, long].map((all) => all.find((each) => each.lane === lane));
    const nothing = (windows: readonly number[]) => windows.map((ms): BeatWindow => ({ ms, until, received: 0, onTime: 0 }));
    return {
      lane, since, lastEmitted: recent?.lastEmitted ?? past?.lastEmitted ?? null, latencyMs: recent?.latencyMs ?? null, stages: recent?.stages ?? {},
      windows: [...(recent?.windows ?? nothing(SHORT_WINDOWS)), ...(past?.windows ?? nothing(LONG_WINDOWS))],
    };
  });
}

async function ask(search: SearchAdmin, prefix: string, body: Json, timeoutMs: number, name: string): Promise<Json | undefined> {
  const answer = await search.call('POST', `/${prefix}${HEARTBEATS_INDEX}/_search`, body, { okStatuses: [NOT_FOUND], timeoutMs });
  return answer.status === NOT_FOUND ? undefined : (answer.body['aggregations'] as Json | undefined)?.[name] as Json | undefined;
}

function countsOf(bucket: Json): Pick<BeatWindow, 'received' | 'onTime'> {
  const received = (bucket['received'] as { value: number }).value;
  return { received, onTime: Math.min(received, (bucket['on_time'] as { beats: { value: number } }).beats.value) };
}

function percentile(aggregation: unknown, percent: number): number | null {
  return (aggregation as { values?: Record<string, number | null> } | undefined)?.values?.[`${percent}.0`] ?? null;
}
