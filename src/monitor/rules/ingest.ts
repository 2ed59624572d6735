import { retentionLeft, retentionRate } from '../../ingest/retention.ts';
import { lagAge, lagOf, lagOfPartition, latestOf, type History } from '../observe/history.ts';
import type { IngestFacts, Observation, PartitionFacts } from '../observe/observation.ts';
import { levelOf, type Finding, type Rule } from './rule.ts';
import type { Thresholds } from './thresholds.ts';

const SECOND_MS = 1_000;

/** How far a region is behind the source, and whether the source still keeps what it needs. */
export function ingestRules({ ingestLagMs, retentionMs }: Thresholds): Rule[] {
  return [
    {
      name: 'ingest-lag-seconds', severity: 'critical', forMs: 15_000, keepMs: 30_000,
      meaning: 'Events of the source do not reach this region in time: no ingest runs, it is cut loose from the region, or there are too few hosts.',
      examine: (history) => latestOf(history).ingest.map((ingest) => ageOf(history, ingest, ingestLagMs)),
    },
    {
      name: 'ingest-retention', severity: 'critical', forMs: 0, keepMs: 60_000,
      meaning: 'The source will soon remove, or has removed, records that this region does not have yet. Raise the retention of the source topics now, then mend the region.',
      examine: (history) => latestOf(history).ingest.map((ingest) => retentionOf(history, ingest, retentionMs)),
    },
  ];
}

function ageOf(history: History, { region, partitions }: IngestFacts, above: number): Finding {
  const age = lagAge(history, (observation) => partitionsOf(observation, region));
  const value = age === null ? null : age / SECOND_MS;
  return {
    labels: { region }, level: levelOf(value, above / SECOND_MS), value,
    what: value === null || partitions === null ? 'its positions could not be read' : `${lagOf(partitions)} events wait, the oldest for ${Math.round(value)} s`,
    evidence: ['sluice status'],
  };
}

function retentionOf(history: History, { region, partitions }: IngestFacts, above: number): Finding {
  const left = partitions?.filter((partition) => lagOfPartition(partition) > 0).map((partition) => leftOf(history, region, partition)) ?? [];
  const lost = partitions?.reduce((sum, { earliest, committed }) => sum + Math.max(0, earliest - committed), 0) ?? 0;
  const shortest = Math.min(...left);
  const near = shortest < above;
  return {
    labels: { region }, level: partitions === null ? 'unknown' : lost > 0 || near ? 'bad' : 'good', value: Number.isFinite(shortest) ? shortest / SECOND_MS : null,
    what: lost > 0 ? `${lost} records were removed before this region had them` : near ? `at the present rate its position is passed in ${Math.round(shortest / SECOND_MS)} s` : 'the source keeps all that is needed',
    evidence: ['sluice status'],
  };
}

function leftOf(history: History, region: string, { topic, partition, committed, earliest }: PartitionFacts): number {
  const samples = history.flatMap((observation) => {
    const then = partitionsOf(observation, region)?.find((each) => each.topic === topic && each.partition === partition);
    return then === undefined ? [] : [{ time: observation.at, earliest: then.earliest, latest: then.latest }];
  });
  return retentionLeft({ position: committed, earliest, rate: retentionRate(samples), ageMs: 0, retentionMs: null }).ms ?? Infinity;
}

function partitionsOf(observation: Observation, region: string): readonly PartitionFacts[] | null {
  return observation.ingest.find((ingest) => ingest.region === region)?.partitions ?? null;
}
