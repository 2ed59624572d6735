import type { TopicPartition } from '../../domain/partition.ts';
import { latestOf } from '../observe/history.ts';
import type { RegionFacts } from '../observe/observation.ts';
import { levelOf, type Finding, type Level, type Rule } from './rule.ts';
import type { Thresholds } from './thresholds.ts';

const UNREACHABLE_FOR_MS = 5_000;
/** Yellow and under-replicated pass by themselves after a restart. */
const UNWELL_FOR_MS = 60_000;
const SHOWN_PARTITIONS = 5;

/** The health of every region's Kafka and Elasticsearch. */
export function clusterRules({ diskShare }: Thresholds): Rule[] {
  return [
    unreachable('kafka'), unreachable('elasticsearch'),
    perRegion({
      name: 'kafka-offline-partitions', severity: 'critical', forMs: UNREACHABLE_FOR_MS, keepMs: 10_000,
      meaning: 'Partitions without a leader can be neither written nor read: the brokers that hold their copies are down. Start them again.',
      judge: ({ kafka }) => (kafka === null ? null : partitionsOf(kafka.offline, 'without a leader')),
      evidence: 'kafka-topics.sh --describe --unavailable-partitions',
    }),
    perRegion({
      name: 'kafka-under-replicated', severity: 'warning', forMs: UNWELL_FOR_MS, keepMs: 30_000,
      meaning: 'Copies of partitions lag behind or are missing: one more broker lost may mean lost records. Look for a broker that is down, slow or out of disk.',
      judge: ({ kafka }) => (kafka === null ? null : partitionsOf(kafka.underReplicated, 'under-replicated')),
      evidence: 'kafka-topics.sh --describe --under-replicated-partitions',
    }),
    perRegion({
      name: 'elasticsearch-red', severity: 'critical', forMs: UNREACHABLE_FOR_MS, keepMs: 10_000,
      meaning: 'A primary shard is missing: searches are incomplete and its documents cannot be written. Bring its node back, or restore the index.',
      judge: ({ elasticsearch }) => (elasticsearch === null ? null : { level: elasticsearch.status === 'red' ? 'bad' : 'good', value: elasticsearch.unassignedShards, what: `it is ${elasticsearch.status} with ${elasticsearch.unassignedShards} unassigned shards` }),
      evidence: 'GET /_cluster/allocation/explain',
    }),
    perRegion({
      name: 'elasticsearch-yellow', severity: 'warning', forMs: UNWELL_FOR_MS, keepMs: 30_000,
      meaning: 'Replicas are missing: one more node lost means missing documents. Look for a node that left, or an index with more replicas than nodes.',
      judge: ({ elasticsearch }) => (elasticsearch === null ? null : { level: elasticsearch.status === 'yellow' ? 'bad' : 'good', value: elasticsearch.unassignedShards, what: `it is ${elasticsearch.status} with ${elasticsearch.unassignedShards} unassigned shards` }),
      evidence: 'GET /_cluster/health?level=indices',
    }),
    perRegion({
      name: 'elasticsearch-disk', severity: 'critical', forMs: UNREACHABLE_FOR_MS, keepMs: 30_000,
      meaning: 'A node comes near to its flood-stage watermark, at which its indices refuse every write. Delete old indices or add disk.',
      judge: ({ elasticsearch }) => (elasticsearch === null ? null : { level: elasticsearch.diskUsed === null ? 'good' : levelOf(elasticsearch.diskUsed, diskShare, diskShare - 0.02), value: elasticsearch.diskUsed, what: `${((elasticsearch.diskUsed ?? 0) * 100).toFixed(0)} % of the fullest node's disk is used (threshold ${(diskShare * 100).toFixed(0)} %)` }),
      evidence: 'GET /_nodes/stats/fs',
    }),
  ];
}

/** A cluster that did not answer when it was asked. */
function unreachable(which: 'kafka' | 'elasticsearch'): Rule {
  const name = which === 'kafka' ? 'Kafka' : 'Elasticsearch';
  return {
    ...perRegion({
      name: `${which}-unreachable`, severity: 'critical', forMs: UNREACHABLE_FOR_MS, keepMs: 10_000,
      meaning: `The region's ${name} does not answer this monitor. Lanes that need it wait, the others go on. Nothing is lost while topics keep their records.`,
      judge: ({ problems }) => ({ level: problems[which] === null ? 'good' : 'bad', value: null, what: problems[which] ?? 'it answers' }),
      evidence: 'sluice status',
    }),
  };
}

interface RegionRule extends Omit<Rule, 'examine'> {
  /** Null where the region could not be asked. */
  readonly judge: (region: RegionFacts) => { readonly level: Level; readonly value: number | null; readonly what: string } | null;
  readonly evidence: string;
}

function perRegion({ judge, evidence, ...rule }: RegionRule): Rule {
  return {
    ...rule,
    examine: (history) => latestOf(history).regions.map((region): Finding => ({
      labels: { region: region.region }, evidence: [evidence],
      ...(judge(region) ?? { level: 'unknown', value: null, what: 'it could not be asked' }),
    })),
  };
}

function partitionsOf(partitions: readonly TopicPartition[], how: string): { level: Level; value: number; what: string } {
  const shown = partitions.slice(0, SHOWN_PARTITIONS).map(({ topic, partition }) => `${topic}/${partition}`).join(', ');
  const more = partitions.length > SHOWN_PARTITIONS ? ', …' : '';
  return { level: partitions.length > 0 ? 'bad' : 'good', value: partitions.length, what: partitions.length === 0 ? `no partition is ${how}` : `${partitions.length} partitions are ${how}: ${shown}${more}` };
}
