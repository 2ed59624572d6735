import { readable } from './expression.ts';
import type { Parts } from './plan.ts';
import { INDEX_DISK_USE, NODE_SHARDS, PREFILTER_SHARDS, SMALL_SHARD_GIB } from './limits.ts';

/** What follows from the figures: `problem` does not hold, `note` is worth knowing. */
export interface Finding {
  readonly kind: 'problem' | 'note';
  readonly text: string;
}

const MIB_A_GIB = 1_024;
const HALF = 0.5;

/** What does not fit, each with what to change, then what is worth knowing. */
export function findingsOf(parts: Parts): Finding[] {
  const problems = [...laneProblems(parts), ...nodeProblems(parts), ...capProblems(parts)];
  return [...problems.map((text) => ({ kind: 'problem' as const, text })), ...notes(parts).map((text) => ({ kind: 'note' as const, text }))];
}

function laneProblems({ workload, rates, lanes }: Parts): string[] {
  return [
    ...when(workload.topicHours.value < rates.hoursNeeded.value, `the topics keep ${readable(workload.topicHours.value)} hours, an outage and its catching up take ${readable(rates.hoursNeeded.value)}: raise topics.retentionHours`),
    ...when(lanes.hosts.value < lanes.needed.value, `hosts a lane: ${readable(lanes.hosts.value)} given, ${readable(lanes.needed.value)} needed to catch up in time with one of them lost`),
    ...when(lanes.hosts.value >= lanes.needed.value && lanes.busiestRate.value > lanes.planned.value, `with one host lost the busiest must do ${readable(lanes.busiestRate.value)} documents/s, more than the ${readable(lanes.planned.value)} planned: add a host, or take longer to catch up`),
  ];
}

function nodeProblems({ workload, nodes, indices }: Parts): string[] {
  return [
    ...when(nodes.nodes.value < indices.copies.value, `${readable(indices.copies.value)} copies of a shard need as many nodes`),
    ...when(nodes.diskUse.value > INDEX_DISK_USE.value, `a node holds ${readable(nodes.gibANode.value)} GiB on ${readable(workload.nodeDiskGib.value)} GiB of disk: ${readable(nodes.forDisk.value)} nodes are needed, or more disk, or fewer days`),
    ...when(nodes.shardsANode.value > NODE_SHARDS.value, `${readable(nodes.shardsANode.value)} shards a node are over cluster.max_shards_per_node (${readable(NODE_SHARDS.value)}): take a longer --period, or more nodes`),
    ...when(nodes.heap.value > workload.nodeHeapGib.value * MIB_A_GIB * HALF, `mapped fields and the work itself want ${readable(nodes.heap.value)} MiB, more than half of a heap of ${readable(workload.nodeHeapGib.value)} GiB`),
    ...when(nodes.forIndexing.value > nodes.nodes.value, `indexing at the catch-up rate needs ${readable(nodes.forIndexing.value)} nodes`),
  ];
}

function capProblems({ cap }: Parts): string[] {
  return when(cap.wanted.value > cap.bearable.value, `catching up wants ${readable(cap.wanted.value)} operations/s, the nodes that hold the newest index bear ${readable(cap.bearable.value)}: more shards an index, a larger --indexing-share, or a longer --catch-up`);
}

function notes({ workload, lanes, indices, nodes, searches, state }: Parts): string[] {
  return [
    ...when(lanes.hosts.value > lanes.needed.value, `throughput needs ${readable(lanes.working.value)} ${lanes.working.value === 1 ? 'process' : 'processes'} a lane; the other ${readable(lanes.hosts.value - lanes.working.value)} are there to be lost`),
    ...when(indices.gibAShard.value < SMALL_SHARD_GIB, `a shard of ${readable(indices.gibAShard.value)} GiB is smaller than the ${SMALL_SHARD_GIB} GiB it might have: a longer --period makes fewer of them`),
    ...when(nodes.nodes.value > nodes.needed.value, `${readable(nodes.needed.value)} data nodes would do for disk, shards and indexing; the others are there for search`),
    ...when(searches.shards.value > PREFILTER_SHARDS, `a search of ${readable(searches.shards.value)} shards first asks which of them can match (over ${PREFILTER_SHARDS})`),
    ...when(searches.writingShare.value < 1, `the newest documents are written on ${readable(searches.writing.value)} of ${readable(nodes.nodes.value)} nodes: searches of the newest dates feel indexing, the others do not`),
    ...when(workload.searchesPerSecond.value > 0, 'how long a search takes is not calculated: measure it on the cluster, at this rate cap'),
    `the pipeline creates ${readable(state.creations.value)} indices a day; others only when a document of a date without one arrives, as in a backfill`,
  ];
}

function when(holds: boolean, text: string): string[] {
  return holds ? [text] : [];
}
