import { regionalTopicOf, sourceTopicOf } from '../domain/pipeline.ts';
import { FAILURES_PIPELINE } from '../domain/system-names.ts';
import { policyTopicOf } from '../policy/policy-topic.ts';
import type { RecordLogAdmin, TopicSpec } from '../ports/record-log.ts';

/** What the configuration says of topics. */
export interface TopicSettings {
  readonly partitions: number;
  readonly replicas: number;
  readonly retentionHours: number;
}

/** What became of the topics of one cluster. */
export interface TopicsReport {
  readonly created: readonly string[];
  readonly kept: readonly string[];
}

const HOUR_MS = 3_600_000;
const MIB = 1024 * 1024;
/** A finished document is larger than its event. */
const DOCUMENT_BYTES = 2 * MIB;
/** A failure record holds up to 4 MiB of payload, as JSON text or base64. */
const FAILURE_BYTES = 8 * MIB;
/**
 * The broker's time stands on every record of a regional topic: with ingest's own, a clock that is behind would let
 * retention remove what no lane has read, and one that is ahead would be refused (Kafka 4 takes an hour).
 */
const BROKER_TIME = { 'message.timestamp.type': 'LogAppendTime' };

/** The topics that events come from. */
export function sourceTopicsOf(prefix: string, pipelines: readonly string[], settings: TopicSettings): TopicSpec[] {
  return pipelines.map((pipeline) => specOf(sourceTopicOf(prefix, pipeline), settings, {}));
}

/** The compacted topic in which processes tell their state: see src/monitor/state-notes.ts. */
export function stateTopicOf(prefix: string): string {
  return `${prefix}sluice.state`;
}

/** The topics of each region: finished documents of every pipeline, what failed on the way, the state of the lanes, and their policies. */
export function regionalTopicsOf(prefix: string, pipelines: readonly string[], settings: TopicSettings): TopicSpec[] {
  const documents = pipelines.map((pipeline) => specOf(regionalTopicOf(prefix, pipeline), settings, { ...BROKER_TIME, 'max.message.bytes': String(DOCUMENT_BYTES) }));
  const failures = specOf(regionalTopicOf(prefix, FAILURES_PIPELINE), settings, { ...BROKER_TIME, 'max.message.bytes': String(FAILURE_BYTES) });
  return [...documents, failures, compacted(stateTopicOf(prefix), settings), compacted(policyTopicOf(prefix), settings)];
}

function compacted(name: string, { replicas }: TopicSettings): TopicSpec {
  return { name, partitions: 1, replicas, config: { ...BROKER_TIME, 'cleanup.policy': 'compact', 'segment.ms': String(HOUR_MS) } };
}

function specOf(name: string, { partitions, replicas, retentionHours }: TopicSettings, extra: Record<string, string>): TopicSpec {
  return { name, partitions, replicas, config: { 'retention.ms': String(retentionHours * HOUR_MS), 'compression.type': 'producer', ...extra } };
}

/** Creates the topics that are missing on one cluster. Rejects with SluiceError `KAFKA_*`. */
export async function ensureTopics(admin: RecordLogAdmin, topics: readonly TopicSpec[]): Promise<TopicsReport> {
  const created = await admin.ensureTopics(topics);
  return { created, kept: topics.map((topic) => topic.name).filter((name) => !created.includes(name)) };
}
