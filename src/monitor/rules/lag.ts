import { lagAge, lagOf, latestOf, spanOf, type History } from '../observe/history.ts';
import type { LaneFacts, Observation } from '../observe/observation.ts';
import { levelOf, type Finding, type Rule } from './rule.ts';
import type { Thresholds } from './thresholds.ts';

const SECOND_MS = 1_000;
/** A backlog smaller than this share of `lagRecords` does not count as growing. */
const GROWING_FROM = 0.1;

/** How far a lane is behind: in records, in seconds, and whether it falls behind further. */
export function lagRules({ lagRecords, lagMs, lagGrowingMs }: Thresholds): Rule[] {
  return [
    {
      name: 'lag-records', severity: 'warning', forMs: 30_000, keepMs: 30_000,
      meaning: 'More records wait than the lane can hide. Look at its rate and at what holds it back (stages of the batch-metadata index); more hosts help up to the number of partitions.',
      examine: (history) => eachLane(history, (lane) => ({ value: lane.partitions === null ? null : lagOf(lane.partitions), above: lagRecords, unit: 'records wait' })),
    },
    {
      name: 'lag-seconds', severity: 'critical', forMs: 15_000, keepMs: 30_000,
      meaning: 'What search shows is older than agreed. Look at lag-growing, the state of the destination and the stages of the last batches.',
      examine: (history) => eachLane(history, (lane) => {
        const age = lagAge(history, (observation) => laneOf(observation, lane.lane)?.partitions ?? null);
        return { value: age === null ? null : age / SECOND_MS, above: lagMs / SECOND_MS, unit: 's old is the oldest record that waits' };
      }),
    },
    {
      name: 'lag-growing', severity: 'warning', forMs: 0, keepMs: 60_000,
      meaning: 'The lane settles less than comes in: at this rate it never catches up. Add hosts, or find what slows the destination.',
      examine: (history) => latestOf(history).lanes.map((lane) => growthOf(history, lane, lagGrowingMs, lagRecords * GROWING_FROM)),
    },
  ];
}

function eachLane(history: History, measure: (lane: LaneFacts) => { value: number | null; above: number; unit: string }): Finding[] {
  return latestOf(history).lanes.map((lane) => {
    const { value, above, unit } = measure(lane);
    return {
      labels: labelsOf(lane), level: levelOf(value, above), value,
      what: value === null ? 'its positions could not be read' : `${Math.round(value)} ${unit} (threshold ${Math.round(above)})`,
      evidence: ['sluice status'],
    };
  });
}

/** Growing: in each third of the span the smallest lag is larger than in the third before; a sawtooth is not. */
function growthOf(history: History, lane: LaneFacts, ms: number, from: number): Finding {
  const lags = (spanOf(history, ms) ?? []).flatMap((observation) => {
    const partitions = laneOf(observation, lane.lane)?.partitions ?? null;
    return partitions === null ? [] : [lagOf(partitions)];
  });
  const third = Math.floor(lags.length / 3);
  const [first = 0, second = 0, last = 0] = third === 0 ? [] : [lags.slice(0, third), lags.slice(third, 2 * third), lags.slice(2 * third)].map((part) => Math.min(...part));
  const growing = third > 0 && last > from && last > second && second > first;
  return {
    labels: labelsOf(lane), level: lane.partitions === null ? 'unknown' : growing ? 'bad' : 'good', value: last - first,
    what: `the lag grew from ${first} to ${last} records within ${Math.round(ms / SECOND_MS)} s`,
    evidence: ['sluice status'],
  };
}

function laneOf(observation: Observation, name: string): LaneFacts | undefined {
  return observation.lanes.find((lane) => lane.lane === name);
}

function labelsOf({ lane, source, destination }: LaneFacts): Record<string, string> {
  return { lane, source, destination };
}
