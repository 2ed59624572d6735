import { lagAge, lagOf, latestOf, type History } from '../observe/history.ts';
import type { IngestFacts, Observation, PartitionFacts } from '../observe/observation.ts';
import { levelOf, type Finding, type Rule } from './rule.ts';
import type { Thresholds } from './thresholds.ts';

const SECOND_MS = 1_000;

/** How far a region is behind the source. */
export function ingestRules({ ingestLagMs }: Thresholds): Rule[] {
  return [
    {
      name: 'ingest-lag-seconds', severity: 'critical', forMs: 15_000, keepMs: 30_000,
      meaning: 'Events of the source do not reach this region in time: no ingest runs, it is cut loose from the region, or there are too few hosts.',
      examine: (history) => latestOf(history).ingest.map((ingest) => ageOf(history, ingest, ingestLagMs)),
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

function partitionsOf(observation: Observation, region: string): readonly PartitionFacts[] | null {
  return observation.ingest.find((ingest) => ingest.region === region)?.partitions ?? null;
}
