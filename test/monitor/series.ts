import type { AuditFacts, BatchFacts, ElasticsearchFacts, FailureCount, HeartbeatFacts, KafkaFacts, LaneFacts, Observation, PartitionFacts, RegionFacts, TrafficBefore } from '../../src/monitor/observe/observation.ts';
import { remember, type History } from '../../src/monitor/observe/history.ts';
import { evaluate } from '../../src/monitor/evaluate.ts';
import type { Alert } from '../../src/monitor/alerts/alert.ts';
import type { Silence } from '../../src/monitor/alerts/silence.ts';
import { defaultRules } from '../../src/monitor/rules/defaults.ts';
import type { Rule } from '../../src/monitor/rules/rule.ts';
import type { Thresholds } from '../../src/monitor/rules/thresholds.ts';
import type { StateNote } from '../../src/monitor/state-notes.ts';
import { configSchema } from '../../src/config/schema.ts';

/** A look every five seconds, as in production. */
export const STEP_S = 5;
export const START = Date.UTC(2026, 10, 22);
export const THRESHOLDS: Thresholds = configSchema.shape.monitor.parse({}).thresholds;
export const RULES: readonly Rule[] = defaultRules(THRESHOLDS);

/** Changes to a quiet installation at a number of seconds since the start. */
export interface Changes {
  readonly lane?: readonly PartitionFacts[] | null;
  readonly ingest?: readonly PartitionFacts[] | null;
  readonly notes?: readonly Partial<StateNote>[];
  readonly region?: Partial<RegionFacts>;
  readonly regions?: readonly RegionFacts[];
  readonly heartbeats?: Partial<Observation['heartbeats']>;
  readonly certificates?: Observation['certificates'];
}
export type Script = (second: number) => Changes;

/** Observations from 0 to `seconds`: lane west-east and ingest to west, both regions well, but for what the script changes. */
export function series(seconds: number, script: Script): Observation[] {
  return Array.from({ length: Math.floor(seconds / STEP_S) + 1 }, (_, at) => observation(at * STEP_S, script(at * STEP_S)));
}

function observation(second: number, { lane, ingest, notes = [], region = {}, regions, heartbeats = {}, certificates = [] }: Changes): Observation {
  const at = START + second * 1_000;
  return {
    at,
    lanes: [laneFacts(lane === undefined ? [] : lane)],
    ingest: [{ region: 'west', partitions: ingest === undefined ? [] : ingest }],
    regions: regions ?? [regionFacts('west', at, {}), regionFacts('east', at, region)],
    heartbeats: { everyMs: 10_000, partitions: 24, freshnessMs: 30_000, ...heartbeats }, certificates,
    notes: notes.map((note) => ({ lane: 'west-east', host: 'h1', state: 'running', reason: null, at, since: START, startedAt: START, code: '1', ...note })),
  };
}

function laneFacts(partitions: readonly PartitionFacts[] | null): LaneFacts {
  return { lane: 'west-east', source: 'west', destination: 'east', partitions };
}

export function regionFacts(region: string, at: number, changes: Partial<RegionFacts>): RegionFacts {
  return { region, kafka: kafka({}), elasticsearch: elastic({}), problems: { kafka: null, elasticsearch: null }, batches: [batch({ lastEnd: at })], before: [before({})], failures: [], heartbeats: [beats({ lastEmitted: at - 5_000 })], documents: { things: 100 }, hours: { things: { [String(START)]: 50 } }, audits: [], ...changes };
}

export function kafka(changes: Partial<KafkaFacts>): KafkaFacts { return { brokers: 3, underReplicated: [], offline: [], ...changes }; }
export function elastic(changes: Partial<ElasticsearchFacts>): ElasticsearchFacts { return { status: 'green', nodes: 3, unassignedShards: 0, diskUsed: 0.5, ...changes }; }
export function batch(changes: Partial<BatchFacts>): BatchFacts { return { lane: 'west-east', host: 'h1', lastEnd: START, operations: 1_000, failed: 0, ...changes }; }
export function before(changes: Partial<TrafficBefore>): TrafficBefore { return { lane: 'west-east', dayBefore: 1_000, weekBefore: 1_000, ...changes }; }
export function failure(changes: Partial<FailureCount>): FailureCount { return { lane: 'west-east', host: 'h1', pipeline: 'things', stage: 'index', type: 'mapper_parsing_exception', count: 1, firstSeen: START - 86_400_000, ...changes }; }
/** All that were expected came in time, but for what is changed; `share` of them in every window. */
export function beats({ share = 1, received = share, ...changes }: Partial<HeartbeatFacts> & { share?: number; received?: number }): HeartbeatFacts {
  const windows = [1, 5, 30, 60, 360, 1_440].map((minutes) => ({ ms: minutes * 60_000, until: START - 30_000, received: minutes * 6 * 24 * received, onTime: minutes * 6 * 24 * share }));
  return { lane: 'west-east', lastEmitted: START, since: START - 7 * 86_400_000, latencyMs: 500, stages: { source: 10, bulk: 90 }, windows, ...changes };
}
/** The audit of an index that found nothing, at the start. */
export function audited(changes: Partial<AuditFacts>): AuditFacts { return { index: 'things-2026.11', at: START, complete: true, problem: null, left: 0, failed: 0, absent: [], everyMs: null, ...changes }; }
export function partition(committed: number, latest: number, changes: Partial<PartitionFacts> = {}): PartitionFacts { return { topic: 't', partition: 0, earliest: 0, committed, latest, ...changes }; }
export function time(second: number): number { return START + second * 1_000; }

/** The alerts after each observation, as a monitor that looks at one after the other has them. */
export function run(observations: readonly Observation[], { rules = RULES, silences = [] }: { rules?: readonly Rule[]; silences?: readonly Silence[] } = {}): Alert[][] {
  let history: History = [];
  let alerts: readonly Alert[] = [];
  return observations.map((seen) => {
    history = remember(history, seen);
    const { alerts: next, broken } = evaluate(rules, history, alerts, silences);
    if (broken[0] !== undefined) throw broken[0].error;
    alerts = next;
    return [...next];
  });
}

/** Names of the rules that fired and were told at any time. */
export function firedIn(observations: readonly Observation[]): string[] {
  return [...new Set(run(observations).flat().filter((alert) => alert.state === 'firing' && alert.hiddenBy === null).map((alert) => alert.rule))].sort();
}
