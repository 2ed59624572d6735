import { retentionLeft, retentionRate } from '../../ingest/retention.ts';
import { lagOfPartition, latestOf, type History } from '../observe/history.ts';
import type { LaneFacts, Observation, PartitionFacts } from '../observe/observation.ts';
import type { Finding, Labels, Rule } from './rule.ts';
import type { Thresholds } from './thresholds.ts';

const SECOND_MS = 1_000;

type PartitionsAt = (observation: Observation) => readonly PartitionFacts[] | null;

/** Whether topics still keep what is needed of them: the source's for a region, the regional ones for a lane. */
export function retentionRules({ retentionMs }: Thresholds): Rule[] {
  return [
    {
      name: 'ingest-retention', severity: 'critical', forMs: 0, keepMs: 60_000,
      meaning: 'The source will soon remove, or has removed, records that this region does not have yet. Raise the retention of the source topics now, then mend the region.',
      examine: (history) => latestOf(history).ingest.map(({ region }) => retentionOf(history, ingestAt(region), { labels: { region }, who: 'region', what: 'the source keeps all that is needed' }, retentionMs)),
    },
    {
      name: 'lane-retention', severity: 'critical', forMs: 0, keepMs: 60_000,
      meaning: 'The regional topics will soon remove, or have removed, records that this lane has not settled yet. Raise the retention of the regional topics in its source region now, then mend the lane; what is gone already, `sluice audit INDEX --repair` or a backfill brings back.',
      examine: (history) => latestOf(history).lanes.map((lane) => retentionOf(history, laneAt(lane.lane), { labels: labelsOf(lane), who: 'lane', what: 'the regional topics keep all that is needed' }, retentionMs)),
    },
  ];
}

interface Subject { readonly labels: Labels; readonly who: string; /** Where all is well. */ readonly what: string }

function retentionOf(history: History, partitionsAt: PartitionsAt, { labels, who, what }: Subject, above: number): Finding {
  const partitions = partitionsAt(latestOf(history));
  if (partitions === null) return { labels, level: 'unknown', value: null, what: 'its positions could not be read', evidence: ['sluice status'] };
  const [lost, left] = [removedOf(partitions), leftOf(history, partitionsAt)];
  const near = left !== null && left < above;
  return {
    labels, level: lost > 0 || near ? 'bad' : 'good', value: left === null ? null : left / SECOND_MS,
    what: lost > 0 ? `${lost} records were removed before this ${who} had them` : near ? `at the present rate its position is passed in ${Math.round(left / SECOND_MS)} s` : what,
    evidence: ['sluice status'],
  };
}

/** Records that were removed before they were settled. */
export function removedOf(partitions: readonly PartitionFacts[]): number {
  return partitions.reduce((sum, { earliest, committed }) => sum + Math.max(0, earliest - committed), 0);
}

/** How long until retention passes the first position that still needs records, at the present rate, ms; null while nothing says that it comes near. */
export function leftOf(history: History, partitionsAt: PartitionsAt): number | null {
  const lefts = (partitionsAt(latestOf(history)) ?? []).filter((partition) => lagOfPartition(partition) > 0).flatMap((partition) => leftIn(history, partitionsAt, partition) ?? []);
  return lefts.length === 0 ? null : Math.min(...lefts);
}

function leftIn(history: History, partitionsAt: PartitionsAt, { topic, partition, committed, earliest }: PartitionFacts): number | null {
  const samples = history.flatMap((observation) => {
    const then = partitionsAt(observation)?.find((each) => each.topic === topic && each.partition === partition);
    return then === undefined ? [] : [{ time: observation.at, earliest: then.earliest, latest: then.latest }];
  });
  return retentionLeft({ position: committed, earliest, rate: retentionRate(samples), ageMs: 0, retentionMs: null }).ms;
}

/** Where a region stood in the source, by its name. */
function ingestAt(name: string): PartitionsAt {
  return (observation) => observation.ingest.find(({ region }) => region === name)?.partitions ?? null;
}

/** Where a lane stood, by its name. */
export function laneAt(name: string): PartitionsAt {
  return (observation) => observation.lanes.find(({ lane }) => lane === name)?.partitions ?? null;
}

function labelsOf({ lane, source, destination }: LaneFacts): Labels {
  return { lane, source, destination };
}
