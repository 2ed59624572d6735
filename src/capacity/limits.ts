import { configSchema } from '../config/schema.ts';
import { OWN_PERIODS } from '../domain/system-names.ts';
import { input, type Line } from './expression.ts';

/** Rules of thumb and fixed figures of the plan, each with where it comes from. */
const ELASTIC = "Elastic's sizing guide";
const MIB = 1024 * 1024;
const MONTHLY = Object.values(OWN_PERIODS).filter((period) => period === 'month').length;
const { budgetBytes } = configSchema.shape.processor.parse({});
// By default they are deleted.
const { heartbeatDays } = configSchema.shape.retention.parse({});

export const SECONDS_A_DAY = input('seconds a day', 's', 86_400, 'fixed');
export const SECONDS_AN_HOUR = input('seconds an hour', 's', 3_600, 'fixed');
export const BYTES_A_GIB = input('bytes a GiB', 'bytes', 1024 ** 3, 'fixed');
export const BYTES_A_MIB = input('bytes a MiB', 'bytes', MIB, 'fixed');

/** What Node and the loaded modules take of a processor, beside what the lane holds. */
export const PROCESS_BASE = input('base of a process', 'MiB', 160, 'bench memory');
/** `--max-old-space-size`: small on purpose, since the lane's bytes lie outside of it. */
export const PROCESS_HEAP = input('heap of a process', 'MiB', 64, 'bench memory runs with it');
export const PROCESS_BUDGET = input('byte budget of a lane', 'MiB', budgetBytes / MIB, 'processor.budgetBytes');

/** A host that is lost or rolled leaves the others enough. */
export const SPARE_HOSTS = input('spare hosts', 'hosts', 1, 'one may be down');
/** So many that the share of a lost host spreads over the others. */
export const PARTITIONS_A_HOST = input('partitions a host', 'partitions', 4, 'spread over the others when one is lost');
export const SPARE_RATE = input('margin of the cap', '', 1.1, 'late records and retries on top');

/** Kafka has no watermark: a full disk stops a broker. */
export const TOPIC_DISK_USE = input('use of a broker disk', '', 0.7, 'room for growth and reassignment');
/** Below the low watermark of 85 %, with room for merges. */
export const INDEX_DISK_USE = input('use of a node disk', '', 0.75, 'below the low watermark of 85 %, room for merges');

export const SHARD_GIB = input('GiB a shard', 'GiB', 30, `${ELASTIC}: 10 to 50 GB`);
export const SMALL_SHARD_GIB = 10;
export const SHARD_DOCUMENTS = input('documents a shard', 'documents', 200_000_000, `${ELASTIC}: at most 200 million`);
export const NODE_SHARDS = input('shards a node', 'shards', 1_000, 'cluster.max_shards_per_node');
export const MASTER_INDICES = input('indices a GiB of master heap', 'indices', 3_000, ELASTIC);
export const FIELD_KIB = input('heap of a field', 'KiB', 1, `${ELASTIC}: of each mapped field of each index on the node`);
export const WORK_MIB = input('heap of the work itself', 'MiB', 512, ELASTIC);
/** Beyond so many shards a search first asks which of them can match. */
export const PREFILTER_SHARDS = 128;
/** Those of Sluice's own indices of which there is one each a month. */
export const SYSTEM_FAMILIES = input('indices of Sluice a month', 'indices', MONTHLY, 'failures, batch metadata, audits and alerts');
/** One a day, and deleted by a purge. */
export const HEARTBEAT_INDICES = input('heartbeat indices', 'indices', heartbeatDays as number, 'one a day, kept for retention.heartbeatDays');
export const DAYS_A_MONTH = input('days a month', 'days', 30, 'fixed');

export const FIXED: readonly Line[] = [
  PROCESS_BASE, PROCESS_HEAP, PROCESS_BUDGET, SPARE_HOSTS, PARTITIONS_A_HOST, SPARE_RATE, TOPIC_DISK_USE, INDEX_DISK_USE,
  SHARD_GIB, SHARD_DOCUMENTS, NODE_SHARDS, MASTER_INDICES, FIELD_KIB, WORK_MIB, SYSTEM_FAMILIES, HEARTBEAT_INDICES,
];
