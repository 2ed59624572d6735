import { largest, line, over, plus, roundUp, times, type Line } from './expression.ts';
import { BYTES_A_GIB, DAYS_A_MONTH, HEARTBEAT_INDICES, INDEX_DISK_USE, SHARD_DOCUMENTS, SHARD_GIB, SYSTEM_FAMILIES, TOPIC_DISK_USE } from './limits.ts';
import type { Lanes } from './lanes.ts';
import type { Measured } from './measured.ts';
import type { Rates } from './rates.ts';
import type { Workload } from './workload.ts';

/** Kafka's disk in one region. */
export interface Topics { readonly records: Line; readonly recordBytes: Line; readonly data: Line; readonly disk: Line }

export function topicsOf(workload: Workload, measured: Measured): Topics {
  const records = line('records in the topics', 'records', over(times(workload.documentsPerDay, workload.topicHours), 24));
  const recordBytes = line('bytes of a record', 'bytes', over(times(measured.topicBytes, workload.documentBytes), measured.measuredDocumentBytes));
  const data = line('data of the topics', 'GiB', over(times(records, recordBytes, workload.topicReplicas), BYTES_A_GIB));
  return { records, recordBytes, data, disk: line('disk of Kafka', 'GiB', over(data, TOPIC_DISK_USE)) };
}

/** Indices, shards and disk of the cluster. Keys in the order of the calculation. */
export interface Indices {
  readonly indices: Line;
  readonly system: Line;
  readonly all: Line;
  readonly documents: Line;
  readonly stored: Line;
  readonly gib: Line;
  readonly shardRate: Line;
  readonly shardsAnIndex: Line;
  readonly gibAShard: Line;
  readonly copies: Line;
  readonly shards: Line;
  readonly kept: Line;
  readonly data: Line;
  readonly disk: Line;
}

/** As though every document were new: updates overwrite, and so take less. */
export function indicesOf(workload: Workload, measured: Measured, { catchUpOperations }: Rates, { planned }: Lanes): Indices {
  const { documentsPerDay, documentBytes, keepDays, periodDays, families, replicas } = workload;
  const indices = line('date-ranged indices', 'indices', times(families, roundUp(over(keepDays, periodDays))));
  const system = line('indices of Sluice itself', 'indices', plus(times(SYSTEM_FAMILIES, roundUp(over(keepDays, DAYS_A_MONTH))), HEARTBEAT_INDICES));
  const all = line('indices of the cluster', 'indices', plus(indices, system));
  const documents = line('documents of an index', 'documents', over(times(documentsPerDay, periodDays), families));
  const stored = line('bytes of a stored document', 'bytes', over(times(measured.indexBytes, documentBytes), measured.measuredDocumentBytes));
  const gib = line('size of an index', 'GiB', over(times(documents, stored), BYTES_A_GIB));
  const shardRate = line('operations on the newest index', 'operations/s', over(catchUpOperations, families));
  const shardsAnIndex = line('shards of an index', 'shards', roundUp(largest(over(gib, SHARD_GIB), over(documents, SHARD_DOCUMENTS), over(shardRate, planned))));
  const gibAShard = line('size of a shard', 'GiB', over(gib, shardsAnIndex));
  const copies = line('copies of a shard', 'copies', plus(1, replicas));
  const shards = line('shards with copies', 'shards', times(plus(times(indices, shardsAnIndex), system), copies));
  const kept = line('documents in the cluster', 'documents', times(documentsPerDay, keepDays));
  const data = line('data of the indices', 'GiB', over(times(kept, stored, copies), BYTES_A_GIB));
  const disk = line('disk of Elasticsearch', 'GiB', over(data, INDEX_DISK_USE));
  return { indices, system, all, documents, stored, gib, shardRate, shardsAnIndex, gibAShard, copies, shards, kept, data, disk };
}
