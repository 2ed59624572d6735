import { largest, line, over, plus, roundUp, same, smallest, times, type Line } from './expression.ts';
import type { Indices } from './indices.ts';
import type { Lanes } from './lanes.ts';
import { BYTES_A_MIB, DAYS_A_MONTH, FIELD_KIB, MASTER_INDICES, NODE_SHARDS, SPARE_RATE, SYSTEM_FAMILIES, WORK_MIB } from './limits.ts';
import type { Measured } from './measured.ts';
import type { Rates } from './rates.ts';
import type { Given, Workload } from './workload.ts';

const MILLION = 1_000_000;
const KIB_A_MIB = 1_024;

/** The data nodes of the cluster, and what each of them carries. Keys in the order of the calculation. */
export interface Nodes {
  readonly indexingCores: Line;
  readonly forDisk: Line;
  readonly forShards: Line;
  readonly forIndexing: Line;
  readonly needed: Line;
  readonly nodes: Line;
  readonly shardsANode: Line;
  readonly gibANode: Line;
  readonly diskUse: Line;
  readonly indicesANode: Line;
  readonly heap: Line;
  readonly masterHeap: Line;
}

export function nodesOf(workload: Workload, given: Given, measured: Measured, rates: Rates, lanes: Lanes, indices: Indices): Nodes {
  const indexingCores = line('cores of indexing at the catch-up rate', 'cores', over(times(rates.catchUpOperations, indices.copies, measured.indexingCpu, lanes.sizeFactor), MILLION));
  const forDisk = line('nodes for the disk', 'nodes', roundUp(over(indices.disk, workload.nodeDiskGib)));
  const forShards = line('nodes for the shards', 'nodes', roundUp(over(indices.shards, NODE_SHARDS)));
  const forIndexing = line('nodes for indexing', 'nodes', roundUp(over(indexingCores, times(workload.nodeCores, workload.indexingShare))));
  const needed = line('data nodes needed', 'nodes', largest(forDisk, forShards, forIndexing, indices.copies));
  const nodes = given.nodes ?? line('data nodes', 'nodes', same(needed));
  const shardsANode = line('shards of a node', 'shards', roundUp(over(indices.shards, nodes)));
  const gibANode = line('data of a node', 'GiB', over(indices.data, nodes));
  const indicesANode = line('indices on a node', 'indices', smallest(indices.all, shardsANode));
  const diskUse = line('use of the disk of a node', '', over(gibANode, workload.nodeDiskGib));
  const heap = line('least heap of a data node', 'MiB', plus(WORK_MIB, over(times(indicesANode, measured.fields, FIELD_KIB), KIB_A_MIB)));
  const masterHeap = line('least heap of a master', 'GiB', roundUp(over(indices.all, MASTER_INDICES)));
  return { indexingCores, forDisk, forShards, forIndexing, needed, nodes, shardsANode, gibANode, diskUse, indicesANode, heap, masterHeap };
}

/** What the pipeline's own creations cost the master. */
export interface State { readonly bytes: Line; readonly creations: Line; readonly masterSeconds: Line; readonly published: Line }

export function stateOf({ families, periodDays }: Workload, measured: Measured, indices: Indices, { nodes }: Nodes): State {
  const bytes = line('cluster state', 'MiB', over(times(indices.all, measured.stateBytes), BYTES_A_MIB));
  const creations = line('indices created in a day', 'indices/day', plus(over(families, periodDays), over(SYSTEM_FAMILIES, DAYS_A_MONTH), 1));
  const masterSeconds = line('time of the master for them', 's/day', over(times(creations, measured.createMs), 1_000));
  const published = line('published to the nodes for them', 'MiB/day', over(times(creations, measured.stateBytes, nodes), BYTES_A_MIB));
  return { bytes, creations, masterSeconds, published };
}

/** What a search load means for the nodes. How long a search takes is not calculated: it is measured on the cluster itself. */
export interface Searches { readonly indices: Line; readonly shards: Line; readonly queries: Line; readonly queriesANode: Line; readonly writing: Line; readonly writingShare: Line }

export function searchesOf({ searchDays, periodDays, keepDays, families, searchesPerSecond }: Workload, indices: Indices, { nodes }: Nodes): Searches {
  const touched = line('indices of a search', 'indices', smallest(plus(roundUp(over(searchDays, periodDays)), 1), roundUp(over(keepDays, periodDays))));
  const shards = line('shards of a search', 'shards', times(touched, indices.shardsAnIndex));
  const queries = line('shard queries of the cluster', 'queries/s', times(searchesPerSecond, shards));
  const writing = line('nodes that index the newest documents', 'nodes', smallest(nodes, times(families, indices.shardsAnIndex, indices.copies)));
  const queriesANode = line('shard queries of a node', 'queries/s', over(queries, nodes));
  const writingShare = line('share of the nodes that index', '', over(writing, nodes));
  return { indices: touched, shards, queries, queriesANode, writing, writingShare };
}

/** The hard cap of the cluster, over all lanes into it. */
export interface Cap { readonly wanted: Line; readonly bearable: Line; readonly documents: Line; readonly bytes: Line; readonly aHost: Line }

export function capOf(workload: Workload, measured: Measured, rates: Rates, lanes: Lanes, indices: Indices, { writing }: Searches): Cap {
  const wanted = line('operations that catching up needs', 'operations/s', roundUp(times(rates.catchUpOperations, SPARE_RATE)));
  const bearable = line('operations that the indexing nodes bear', 'operations/s', over(times(writing, workload.nodeCores, workload.indexingShare, MILLION), times(measured.indexingCpu, lanes.sizeFactor, indices.copies)));
  const documents = line('rate cap', 'operations/s', smallest(wanted, bearable));
  const bytes = line('rate cap in bytes', 'bytes/s', times(documents, workload.documentBytes));
  const aHost = line('share of a host', 'operations/s', over(documents, times(workload.regions, lanes.hosts)));
  return { wanted, bearable, documents, bytes, aHost };
}
