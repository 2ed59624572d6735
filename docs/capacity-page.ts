import { readable, type Line } from '../src/capacity/expression.ts';
import { MEASURED, MEASURED_ON, measuredOf } from '../src/capacity/measured.ts';
import { planCapacity, type Parts, type Plan, type Section } from '../src/capacity/plan.ts';
import { givenOf, GIVEN, workloadOf, WORKLOAD, type Figures } from '../src/capacity/workload.ts';
import { code, GENERATED, markdownTable } from './markdown.ts';

/** The case that the page works through; the command under it says the same. */
const CASE: Figures<typeof WORKLOAD> = { documentsPerDay: 20_000_000, keepDays: 900, periodDays: 1, searchesPerSecond: 200 };
const CASE_GIVEN: Figures<typeof GIVEN> = { hosts: 6, nodes: 146 };
const COMMAND = 'sluice plan --docs-per-day 20M --keep 900d --period day --searches 200 --nodes 146 --hosts 6';
const OUTAGE_HOURS = [1, 4, 12, 24, 48, 72];
const SINGULAR: Readonly<Record<string, string>> = { processes: 'process', indices: 'index' };
const PERIODS: readonly (readonly [string, number])[] = [['day', 1], ['month', 30], ['year', 365]];

/** docs/capacity.md: what `sluice plan` calculates, worked through for a large cluster. */
export function capacityPage(): string {
  const plan = planOf(CASE, CASE_GIVEN);
  return [
    GENERATED,
    '# Capacity',
    '`sluice plan` calculates what one destination cluster and the lanes into it need: partitions, hosts, memory, disk, shards, indices, the rate cap. Every step is printed with its formula and its figures. It needs no configuration and no server. This page is its answer to one case:',
    `\`\`\`sh\n${COMMAND}\nsluice plan --docs-per-day 20M --inputs                                   # with what it starts from\nsluice plan --docs-per-day 20M --outage 2d --catch-up 6h --json           # for machines\n\`\`\``,
    '**Measure on your own machines first.** The defaults are from ' + MEASURED_ON + '. A result of a bench replaces them, and a flag replaces one of them:',
    '```sh\nnpm run bench -- scale --json | tail -1 > scale.json            # rate, CPU and memory of a lane; CPU and disk of Elasticsearch; disk of Kafka\nnpm run bench -- indices --json | tail -1 > indices.json        # cluster state and time of an index\nsluice plan --docs-per-day 20M --measured scale.json --measured indices.json --lane-memory 300\n```',
    '## What follows',
    bulletsOf(plan.parts),
    '## After an outage',
    'Partitions and hosts as they would be calculated for outages of different lengths, each caught up in the same time while the peak goes on:',
    outageTable(),
    '## Indices by day, month or year',
    periodTable(),
    '## Remarks of the plan',
    plan.findings.map(({ kind, text }) => `- **${kind}**: ${text}`).join('\n'),
    '## Step by step',
    ...plan.sections.flatMap(stepsOf),
    '## What it starts from',
    ...plan.inputs.flatMap(inputsOf),
    '## What it does not calculate',
    'How long a search takes, the network, what batches cost that spread over hundreds of indices (`npm run bench -- indices` measures it; a backfill in the order of dates stays in a few), the disks\' own speed, the Kafka of the source, and what a sudden hot spot does to one shard. A document is taken to be new; updates overwrite, and so take less disk. Measured rates fall in proportion to the size of a document and are never raised for smaller ones.',
    '',
  ].join('\n\n').trimEnd().concat('\n');
}

function planOf(figures: Figures<typeof WORKLOAD>, given: Figures<typeof GIVEN>): Plan {
  return planCapacity(workloadOf(figures).workload, givenOf(given), measuredOf({}));
}

function bulletsOf({ workload, measured, rates, lanes, memory, ingest, topics, indices, nodes, state, searches, cap }: Parts): string {
  return [
    `- **Rate**: ${figure(rates.average)} on average, ${figure(rates.peak)} in the busiest hour. Each region sends every document, so the cluster takes ${figure(rates.averageOperations)} and ${figure(rates.peakOperations)}; a copy that is superseded costs less than a write, but is counted as one.`,
    `- **Lanes**: after ${figure(workload.outageHours)} away, ${figure(rates.backlog)} wait in each lane. Catching up in ${figure(workload.catchUpHours)} takes ${figure(rates.catchUp)}, which ${figure(lanes.working)} can do at ${figure(lanes.planned)} each; ${figure(lanes.hosts)} a lane get ${figure(lanes.partitions)}, so that with one host lost the busiest has ${readable(lanes.busiest.value)} of them and ${figure(lanes.busiestRate)}. All regions together run ${figure(lanes.allHosts)}. The topics must hold ${figure(rates.hoursNeeded)} and hold ${readable(workload.topicHours.value)}.`,
    `- **Processes**: ${figure(memory.memory)} each, ${readable(lanes.cores.value)} cores a lane at the catch-up rate. Ingest: ${figure(ingest.cores)}, ${figure(ingest.hosts)}.`,
    `- **Disk**: ${figure(topics.disk)} for Kafka in each region; ${figure(indices.disk)} for Elasticsearch, ${figure(nodes.gibANode)} of data a node.`,
    `- **Do ${readable(indices.indices.value)} indices fit?** ${figure(indices.shardsAnIndex)} an index of ${figure(indices.gibAShard)}; with copies and the indices of Sluice itself ${figure(indices.shards)}, ${readable(nodes.shardsANode.value)} a node of at most 1,000. Their fields take ${figure(nodes.heap)} of heap on a data node together with the work itself, and the master wants ${figure(nodes.masterHeap)}. The cluster state is about ${figure(state.bytes)} as JSON. What the pipeline adds to the master's work is ${figure(state.creations)}: ${figure(state.masterSeconds)} of its time (${figure(measured.createMs)} each) and ${figure(state.published)} over all nodes.`,
    `- **Search**: ${figure(workload.searchesPerSecond)} over ${figure(workload.searchDays)} are ${figure(searches.queries)}, ${readable(searches.queriesANode.value)} a node. Only ${figure(searches.writing)} of ${readable(nodes.nodes.value)} hold the newest index and feel indexing.`,
    `- **Rate cap**: ${figure(cap.documents)} for the cluster over all lanes (${readable(cap.bytes.value)} bytes/s), ${readable(cap.aHost.value)} a host. Catching up wants ${readable(cap.wanted.value)}; the indexing nodes bear ${readable(cap.bearable.value)} with ${readable(workload.indexingShare.value * 100)} % of their CPU. A cap below ${figure(rates.peakOperations)} would fall behind in the busiest hour.`,
  ].join('\n');
}

function outageTable(): string {
  const rows = OUTAGE_HOURS.map((outageHours) => {
    const { rates, lanes, cap } = planOf({ ...CASE, outageHours }, { nodes: CASE_GIVEN.nodes }).parts;
    return [`${outageHours} h`, ...[rates.backlog, rates.catchUp, lanes.working, lanes.needed, lanes.partitions, cap.documents].map(({ value }) => readable(value))];
  });
  return markdownTable(['outage', 'documents that wait in a lane', 'documents/s of a lane', 'processes that catch up', 'hosts of a lane', 'partitions at least', 'rate cap, operations/s'], rows);
}

function periodTable(): string {
  const rows = PERIODS.map(([name, periodDays]) => {
    const { indices, nodes, state, searches } = planOf({ ...CASE, periodDays }, CASE_GIVEN).parts;
    return [name, ...[indices.indices, indices.shardsAnIndex, indices.gibAShard, indices.shards, nodes.shardsANode, searches.shards, searches.writing, state.bytes].map(({ value }) => readable(value))];
  });
  return markdownTable(['index a', 'indices', 'shards an index', 'GiB a shard', 'shards with copies', 'shards a node', 'shards of a search', 'nodes that index', 'cluster state, MiB'], rows);
}

function stepsOf({ title, lines }: Section): string[] {
  return [`### ${title}`, markdownTable(['figure', 'value', 'unit', 'formula', 'with figures'], lines.map(({ name, value, unit, formula, arithmetic }) => [name, readable(value), unit, formula, arithmetic]))];
}

function inputsOf({ title, lines }: Section): string[] {
  const flags = new Map(Object.values({ ...WORKLOAD, ...GIVEN, ...MEASURED }).map(({ name, flag }) => [name as string, flag as string]));
  return [`### ${title}`, markdownTable(['figure', 'value', 'unit', 'flag', 'from'], lines.map(({ name, value, unit, formula }) => [name, readable(value), unit, code(flags.get(name) ?? ''), formula]))];
}

/** `24 partitions`; one process, not one processes. */
function figure({ value, unit }: Line): string {
  const one = SINGULAR[unit] ?? unit.replace(/^([a-z]+)s$/, '$1');
  return `${readable(value)} ${value === 1 ? one : unit}`.trimEnd();
}
