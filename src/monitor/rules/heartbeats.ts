import { latestOf } from '../observe/history.ts';
import type { BeatWindow, HeartbeatFacts, LaneFacts, Observation } from '../observe/observation.ts';
import type { Finding, Rule } from './rule.ts';
import type { Thresholds } from './thresholds.ts';

const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** Fewer heartbeats than this that failed their aim tell nothing of a share. */
const LEAST_MISSED = 10;
/** Availability is judged once heartbeats have been there for so long, ms. */
const JUDGED_AFTER_MS = 6 * HOUR_MS;
/** Label of what no lane has: it lies before all of them. */
const INGEST = 'ingest';

/** Google's SRE workbook: a burn of 14.4 spends 2 % of a month's budget in an hour, one of 6 spends 5 % in six hours. */
const FAST = { name: 'freshness-burn-fast', severity: 'critical', burn: 14.4, longMs: HOUR_MS, shortMs: 5 * MINUTE_MS } as const;
const SLOW = { name: 'freshness-burn-slow', severity: 'warning', burn: 6, longMs: 6 * HOUR_MS, shortMs: 30 * MINUTE_MS } as const;

/** What heartbeats say: none arrive, too few arrived, too many came late. */
export function heartbeatRules(thresholds: Thresholds): Rule[] {
  return [missing(thresholds.heartbeatMs), availability(thresholds.availability), burning(FAST, thresholds.freshnessTarget), burning(SLOW, thresholds.freshnessTarget)];
}

/** What a rule of heartbeats knows of a lane. */
interface LaneBeat { readonly lane: LaneFacts; readonly facts: HeartbeatFacts | null; readonly labels: Readonly<Record<string, string>> }

/** Every lane with its heartbeats; null where its destination could not be asked. Empty where none are emitted. */
function beatsOf({ lanes, regions, heartbeats }: Observation): LaneBeat[] {
  if (heartbeats.everyMs === 0) return [];
  return lanes.map((lane) => ({
    lane, labels: { lane: lane.lane, source: lane.source, destination: lane.destination },
    facts: regions.find(({ region }) => region === lane.destination)?.heartbeats?.find((each) => each.lane === lane.lane) ?? null,
  }));
}

function missing(heartbeatMs: number): Rule {
  return {
    name: 'heartbeat-missing', severity: 'critical', forMs: 0, keepMs: 10_000,
    meaning: 'Heartbeats that travel with the data do not arrive any more, so data does not either. What is told names the place where they stop: look at that process or cluster, then at `sluice heartbeats`.',
    examine: (history) => {
      const now = latestOf(history);
      const above = Math.max(heartbeatMs, 3 * now.heartbeats.everyMs);
      const beats = beatsOf(now);
      // A lane that has never had one says nothing: heartbeats may have been switched on just now.
      const overdue = beats.filter(({ facts }) => facts?.lastEmitted != null && now.at - facts.lastEmitted > above);
      const known = beats.filter(({ facts }) => facts?.lastEmitted != null);
      const all = known.length > 0 && overdue.length === known.length && known.length === beats.length && beats.length > 1;
      const lanes = beats.map((each): Finding => ({
        labels: each.labels, value: ageOf(each, now.at), level: each.facts === null ? 'unknown' : !all && overdue.includes(each) ? 'bad' : 'good',
        what: `the last heartbeat through ${each.lane.lane} was emitted ${Math.round(ageOf(each, now.at) ?? 0)} s ago: they stop at ${stopOf(each, overdue, beats)}`,
        evidence: [`sluice heartbeats --since 1h --lane ${each.lane.lane}`, 'sluice status'],
      }));
      const youngest = Math.min(...known.map((each) => ageOf(each, now.at) ?? Infinity));
      const ingest: Finding = {
        labels: { lane: INGEST, service: INGEST }, level: beats.length === 0 || known.length === 0 ? 'unknown' : all ? 'bad' : 'good', value: Number.isFinite(youngest) ? youngest : null,
        what: all ? `no lane has a heartbeat of the last ${Math.round(youngest)} s: they stop at ingest, or at the source` : 'heartbeats come in', evidence: ['sluice heartbeats --since 1h', 'sluice status'],
      };
      return [...lanes, ingest];
    },
  };
}

function ageOf({ facts }: LaneBeat, now: number): number | null {
  return facts?.lastEmitted == null ? null : (now - facts.lastEmitted) / SECOND_MS;
}

/** Where heartbeats stop, by which lanes miss them and which do not. */
function stopOf({ lane }: LaneBeat, overdue: readonly LaneBeat[], all: readonly LaneBeat[]): string {
  const every = (same: (other: LaneFacts) => boolean) => all.filter((each) => same(each.lane)).length > 1 && all.filter((each) => same(each.lane)).every((each) => overdue.includes(each));
  if (every(({ source }) => source === lane.source)) return `Kafka ${lane.source}, or where ingest writes to it`;
  if (every(({ destination }) => destination === lane.destination)) return `Elasticsearch ${lane.destination}`;
  return `the processors of ${lane.lane}`;
}

function availability(target: number): Rule {
  return {
    name: 'heartbeat-availability', severity: 'warning', forMs: 0, keepMs: MINUTE_MS,
    meaning: 'Of the last day\'s heartbeats through a lane too few arrived, however late: the lane missed its availability. Look at the alerts of that day.',
    examine: (history) => {
      const now = latestOf(history);
      return beatsOf(now).map(({ labels, facts, lane }): Finding => {
        const received = windowOf(facts, 24 * HOUR_MS)?.received ?? 0;
        const expected = expectedIn(now, facts, 24 * HOUR_MS);
        const share = expected === null || expected === 0 ? null : Math.min(1, received / expected);
        const young = facts?.since == null || now.at - facts.since < JUDGED_AFTER_MS;
        return {
          labels, value: share, level: share === null ? 'unknown' : share < target && !young && (expected ?? 0) - received >= LEAST_MISSED ? 'bad' : 'good',
          what: `${received} of ${Math.round(expected ?? 0)} heartbeats of the last day arrived, ${((share ?? 0) * 100).toFixed(3)} % (target ${(target * 100).toFixed(2)} %)`,
          evidence: [`sluice heartbeats --since 24h --lane ${lane.lane}`],
        };
      });
    },
  };
}

function burning({ name, severity, burn, longMs, shortMs }: typeof FAST | typeof SLOW, target: number): Rule {
  return {
    name, severity, forMs: 0, keepMs: MINUTE_MS,
    meaning: `Documents come later than promised, and the budget for that goes ${burn} times as fast as it may: see which stage takes the time (\`sluice heartbeats\`), and whether the load or the cluster changed.`,
    examine: (history) => {
      const now = latestOf(history);
      return beatsOf(now).map(({ labels, facts, lane }): Finding => {
        const [long, short, last] = [longMs, shortMs, MINUTE_MS].map((ms) => missedIn(now, facts, ms));
        const burns = [long, short, last].map((missed) => (missed === null || missed === undefined ? null : missed.share / (1 - target)));
        const over = burns.every((each) => each !== null && each > burn) && (long?.count ?? 0) >= LEAST_MISSED;
        return {
          labels, value: burns[0] ?? null, level: burns.includes(null) ? 'unknown' : over ? 'bad' : 'good',
          what: `${Math.round(long?.count ?? 0)} heartbeats of the last ${longMs / MINUTE_MS} min came late or not at all, ${((long?.share ?? 0) * 100).toFixed(1)} % (the budget is ${((1 - target) * 100).toFixed(2)} %); most of the time goes into ${slowest(facts)}`,
          evidence: [`sluice heartbeats --since 6h --lane ${lane.lane}`],
        };
      });
    },
  };
}

function missedIn(now: Observation, facts: HeartbeatFacts | null, ms: number): { readonly count: number; readonly share: number } | null {
  const window = windowOf(facts, ms);
  const expected = expectedIn(now, facts, ms);
  if (window === null || expected === null) return null;
  const count = Math.max(0, expected - window.onTime);
  return { count, share: expected === 0 ? 0 : count / expected };
}

function windowOf(facts: HeartbeatFacts | null, ms: number): BeatWindow | null {
  return facts?.windows.find((window) => window.ms === ms) ?? null;
}

/** Heartbeats that a window should hold: from the first whole interval in which there were any. */
function expectedIn({ heartbeats: { everyMs, partitions } }: Observation, facts: HeartbeatFacts | null, ms: number): number | null {
  const window = windowOf(facts, ms);
  if (facts?.since == null || partitions === null || window === null) return null;
  const from = Math.max(window.until - ms, facts.since + everyMs);
  return Math.max(0, Math.floor((window.until - from) / everyMs)) * partitions;
}

function slowest(facts: HeartbeatFacts | null): string {
  return Object.entries(facts?.stages ?? {}).toSorted(([, a], [, b]) => b - a)[0]?.[0] ?? 'an unknown stage';
}
