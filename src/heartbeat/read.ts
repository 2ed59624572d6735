import { HEARTBEATS_INDEX } from '../domain/system-names.ts';
import type { Json, SearchAdmin } from '../ports/search-index.ts';

const NOT_FOUND = 404;
/** Groups of one page of an answer, and pages at most. */
const PAGE = 5_000;
const MAX_PAGES = 100;
/** Up to here a count of distinct values is all but exact: a day at one in ten seconds is 8,640. */
const PRECISION = 40_000;
const PERCENTS = [50, 95, 99];

export interface BeatSpan {
  /** Epoch ms, until excluded. */
  readonly from: number;
  readonly until: number;
  readonly timeoutMs: number;
}

/** Heartbeats of one day, source partition and lane in one region. */
export interface BeatCount {
  readonly day: string;
  /** Null: of all lanes that end in the region, together. */
  readonly lane: string | null;
  readonly topic: string;
  readonly partition: number;
  /** Distinct intervals. */
  readonly slots: number;
  /** Arrivals, repeats included. */
  readonly arrivals: number;
}

export interface Percentiles { readonly p50: number | null; readonly p95: number | null; readonly p99: number | null }

/** How long the heartbeats of one day and lane took, ms. */
export interface BeatTimes {
  readonly day: string;
  readonly lane: string;
  readonly latency: Percentiles;
  readonly stages: Readonly<Record<string, Percentiles>>;
}

/** What a region's heartbeat index says of a span. */
export interface BeatFigures {
  readonly counts: readonly BeatCount[];
  readonly times: readonly BeatTimes[];
  /** Epoch ms of the first heartbeat that the index still holds; null where there is none. */
  readonly first: number | null;
}

type Bucket = Json & { readonly key: Readonly<Record<string, string | number | null>>; readonly doc_count: number };

/** Asks a region for its heartbeats. Rejects with SluiceError `ELASTICSEARCH_*`. */
export async function readBeats(search: SearchAdmin, prefix: string, stages: readonly string[], span: BeatSpan): Promise<BeatFigures> {
  const distinct = { slots: { cardinality: { field: 'slot', precision_threshold: PRECISION } } };
  const percentiles = (field: string) => ({ percentiles: { field, percents: PERCENTS } });
  const ask = (fields: readonly string[], aggs: Json) => grouped(search, prefix, span, fields, aggs);
  const [each, all, times, first] = await Promise.all([
    ask(['lane', 'topic', 'partition'], distinct), ask(['topic', 'partition'], distinct),
    ask(['lane'], { latency: percentiles('latency_ms'), ...Object.fromEntries(stages.map((stage) => [stage, percentiles(`stages.${stage}_ms`)])) }),
    firstOf(search, prefix, span.timeoutMs),
  ]);
  return { first, counts: [...each, ...all].map(countOf), times: times.map((bucket) => timesOf(bucket, stages)) };
}

async function grouped(search: SearchAdmin, prefix: string, { from, until, timeoutMs }: BeatSpan, fields: readonly string[], aggs: Json): Promise<Bucket[]> {
  const day = { day: { date_histogram: { field: '@timestamp', fixed_interval: '1d', format: 'yyyy-MM-dd' } } };
  const sources = [day, ...fields.map((field) => ({ [field]: { terms: { field } } }))];
  const query = { range: { '@timestamp': { gte: from, lt: until, format: 'epoch_millis' } } };
  const buckets: Bucket[] = [];
  let after: Json | undefined;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const composite = { size: PAGE, sources, ...(after === undefined ? {} : { after }) };
    const { status, body } = await search.call('POST', `/${prefix}${HEARTBEATS_INDEX}/_search`, { size: 0, query, aggs: { groups: { composite, aggs } } }, { okStatuses: [NOT_FOUND], timeoutMs });
    const groups = status === NOT_FOUND ? undefined : (body['aggregations'] as Json | undefined)?.['groups'] as { buckets: Bucket[]; after_key?: Json } | undefined;
    buckets.push(...(groups?.buckets ?? []));
    if (groups?.after_key === undefined || groups.buckets.length < PAGE) break;
    after = groups.after_key;
  }
  return buckets;
}

async function firstOf(search: SearchAdmin, prefix: string, timeoutMs: number): Promise<number | null> {
  const { status, body } = await search.call('POST', `/${prefix}${HEARTBEATS_INDEX}/_search`, { size: 0, aggs: { first: { min: { field: '@timestamp' } } } }, { okStatuses: [NOT_FOUND], timeoutMs });
  if (status === NOT_FOUND) return null;
  return ((body['aggregations'] as Json | undefined)?.['first'] as { value: number | null } | undefined)?.value ?? null;
}

function countOf(bucket: Bucket): BeatCount {
  const { day, lane, topic, partition } = bucket.key;
  return { day: String(day), lane: lane === undefined ? null : String(lane), topic: String(topic), partition: Number(partition), slots: (bucket['slots'] as { value: number }).value, arrivals: bucket.doc_count };
}

function timesOf(bucket: Bucket, stages: readonly string[]): BeatTimes {
  return { day: String(bucket.key['day']), lane: String(bucket.key['lane']), latency: percentilesOf(bucket['latency']), stages: Object.fromEntries(stages.map((stage) => [stage, percentilesOf(bucket[stage])])) };
}

function percentilesOf(aggregation: unknown): Percentiles {
  const values = (aggregation as { values?: Record<string, number | null> } | undefined)?.values ?? {};
  const [p50, p95, p99] = PERCENTS.map((percent) => values[`${percent}.0`] ?? null);
  return { p50: p50 ?? null, p95: p95 ?? null, p99: p99 ?? null };
}
