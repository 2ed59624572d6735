import type { TopicPartition } from '../../domain/partition.ts';
import type { StateNote } from '../state-notes.ts';

/**
 * One look at the whole installation, as values: what the rules judge. Times are epoch ms. A part that could not be asked
 * is null, which is neither good nor bad.
 */
export interface Observation {
  readonly at: number;
  readonly lanes: readonly LaneFacts[];
  readonly ingest: readonly IngestFacts[];
  readonly regions: readonly RegionFacts[];
  /**
   * The latest note of every process about each of its lanes. Those of a region that could not be asked keep the age that
   * they had when it was asked last.
   */
  readonly notes: readonly StateNote[];
  /** What is known of how heartbeats are emitted; `everyMs` 0: none are. `partitions`: of the source topics. `freshnessMs`: later ones are late. */
  readonly heartbeats: { readonly everyMs: number; readonly partitions: number | null; readonly freshnessMs: number };
  readonly certificates: readonly { readonly name: string; /** Epoch ms. */ readonly expiresAt: number }[];
}

/** A lane's positions in the regional topics of its source. */
export interface LaneFacts {
  readonly lane: string;
  readonly source: string;
  readonly destination: string;
  readonly partitions: readonly PartitionFacts[] | null;
}

/** A region's positions in the source topics. */
export interface IngestFacts {
  readonly region: string;
  readonly partitions: readonly PartitionFacts[] | null;
}

export interface PartitionFacts extends TopicPartition {
  readonly earliest: number;
  /** Next offset to be settled; a partition without a committed position stands at its first record. */
  readonly committed: number;
  readonly latest: number;
}

/** What a region's two clusters say. */
export interface RegionFacts {
  readonly region: string;
  readonly kafka: KafkaFacts | null;
  readonly elasticsearch: ElasticsearchFacts | null;
  /** Why a cluster could not be asked. */
  readonly problems: { readonly kafka: string | null; readonly elasticsearch: string | null };
  /** Batches written into this region of late, by lane and host. */
  readonly batches: readonly BatchFacts[] | null;
  /** … and what was written by then on earlier days, by lane: also of those that write nothing now. */
  readonly before: readonly TrafficBefore[];
  /** Failures in this region of late, by kind and host. */
  readonly failures: readonly FailureCount[] | null;
  /** Heartbeats of each lane that ends here. */
  readonly heartbeats: readonly HeartbeatFacts[] | null;
  /** Audits of the last week that were written down here: of each index the last one that was ended, and the last one that could not be. */
  readonly audits: readonly AuditFacts[] | null;
  /** Documents that search sees, by pipeline. */
  readonly documents: Readonly<Record<string, number>> | null;
  /** … and by the hour that they belong to (its beginning, epoch ms), of the last day. Pipelines that do not tell their time are left out. */
  readonly hours: Readonly<Record<string, Readonly<Record<string, number>>>> | null;
}

/** What the audit of one index came to. */
export interface AuditFacts {
  readonly index: string;
  readonly at: number;
  /** False where it could not be ended; then nothing but `problem` says anything. */
  readonly complete: boolean;
  readonly problem: string | null;
  /** Differences that were not repaired; `failed` of them stand in a failure index. */
  readonly left: number;
  readonly failed: number;
  /** Regions that lack the index altogether. */
  readonly absent: readonly string[];
  /** Of an audit that goes on for ever: a round ends at least this often; null for one that was made once. */
  readonly everyMs: number | null;
}

export interface KafkaFacts {
  readonly brokers: number;
  readonly underReplicated: readonly TopicPartition[];
  /** Partitions without a leader. */
  readonly offline: readonly TopicPartition[];
}

export interface ElasticsearchFacts {
  readonly status: 'green' | 'yellow' | 'red';
  readonly nodes: number;
  readonly unassignedShards: number;
  /** Of the fullest node, 0…1; null where the cluster does not tell. */
  readonly diskUsed: number | null;
}

export interface BatchFacts {
  readonly lane: string;
  readonly host: string;
  /** End of its last batch. */
  readonly lastEnd: number;
  /** Within the last `windowMs`. */
  readonly operations: number;
  readonly failed: number;
}

/** Operations of a lane in the same window of earlier days, all hosts together; null where that could not be read. */
export interface TrafficBefore {
  readonly lane: string;
  readonly dayBefore: number | null;
  readonly weekBefore: number | null;
}

/** The heartbeats of a lane, by when they were emitted. */
export interface HeartbeatFacts {
  readonly lane: string;
  /** Of the newest that arrived; null where none did within a day. */
  readonly lastEmitted: number | null;
  /** Of the first that the region's index holds. */
  readonly since: number | null;
  readonly windows: readonly BeatWindow[];
  /** 95 % took no longer, within the last minutes. */
  readonly latencyMs: number | null;
  /** Median time in each stage, ms. */
  readonly stages: Readonly<Record<string, number>>;
}

export interface BeatWindow {
  readonly ms: number;
  /** Its end, epoch ms: the beginning of an interval. */
  readonly until: number;
  readonly received: number;
  /** … within the promised time. */
  readonly onTime: number;
}

export interface FailureCount {
  /** Null where ingest found the failure: it then stands in every region. */
  readonly lane: string | null;
  readonly host: string;
  readonly pipeline: string;
  readonly stage: string;
  readonly type: string;
  /** Within the last `windowMs`. */
  readonly count: number;
  /** When this kind (pipeline, stage, type) was first seen within the last week. */
  readonly firstSeen: number;
}
