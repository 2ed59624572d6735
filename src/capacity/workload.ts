import { input, type Line } from './expression.ts';
import type { Input } from './input.ts';

const MANY = 1e15;
const YEARS = 36_500;

/** What is asked of one destination cluster and the lanes into it. */
export const WORKLOAD = {
  documentsPerDay: { flag: '--docs-per-day', kind: 'count', name: 'documents a day', unit: 'documents/day', about: 'documents written to the cluster on an average day, updates included', initial: null, least: 1, most: MANY },
  documentBytes: { flag: '--doc-bytes', kind: 'bytes', name: 'bytes a document', unit: 'bytes', about: 'JSON of an average document', initial: 600, least: 1, most: 1e9 },
  peakFactor: { flag: '--peak', kind: 'factor', name: 'peak factor', unit: '', about: 'rate of the busiest hour ÷ average rate', initial: 3, least: 1, most: 24 },
  regions: { flag: '--regions', kind: 'whole', name: 'regions', unit: 'regions', about: 'each sends every document once to every cluster', initial: 2, least: 1, most: 100 },
  keepDays: { flag: '--keep', kind: 'days', name: 'days searchable', unit: 'days', about: 'how long documents stay in Elasticsearch', initial: 365, least: 1, most: YEARS },
  periodDays: { flag: '--period', kind: 'period', name: 'days an index', unit: 'days', about: 'what one index covers: day, month or year', initial: 30, least: 1, most: 365 },
  families: { flag: '--families', kind: 'whole', name: 'index families', unit: 'families', about: 'pipelines, each with indices of its own', initial: 1, least: 1, most: 1_000 },
  replicas: { flag: '--replicas', kind: 'whole', name: 'index replicas', unit: 'copies', about: 'copies of each shard beside the first', initial: 1, least: 0, most: 20 },
  topicHours: { flag: '--topic-hours', kind: 'hours', name: 'hours in the topics', unit: 'hours', about: 'retention of the regional topics', initial: 168, least: 1, most: 87_600 },
  topicReplicas: { flag: '--topic-replicas', kind: 'whole', name: 'topic replicas', unit: 'copies', about: 'copies of each partition, the first included', initial: 3, least: 1, most: 20 },
  outageHours: { flag: '--outage', kind: 'hours', name: 'outage to outlive', unit: 'hours', about: 'how long the cluster may be away', initial: 12, least: 0, most: 8_760 },
  catchUpHours: { flag: '--catch-up', kind: 'hours', name: 'time to catch up', unit: 'hours', about: 'how soon after it the lanes must be level again', initial: 4, least: 0.1, most: 8_760 },
  use: { flag: '--use', kind: 'share', name: 'planned use', unit: '', about: 'share of a measured rate that the plan counts on', initial: 0.5, least: 0.01, most: 1 },
  nodeCores: { flag: '--node-cores', kind: 'count', name: 'cores a node', unit: 'cores', about: 'of an Elasticsearch data node', initial: 8, least: 1, most: 1_024 },
  nodeDiskGib: { flag: '--node-disk', kind: 'count', name: 'disk a node', unit: 'GiB', about: 'of an Elasticsearch data node, GiB', initial: 1_000, least: 1, most: 1e7 },
  nodeHeapGib: { flag: '--node-heap', kind: 'count', name: 'heap a node', unit: 'GiB', about: 'of an Elasticsearch data node, GiB', initial: 8, least: 0.5, most: 31 },
  indexingShare: { flag: '--indexing-share', kind: 'share', name: 'share of CPU for indexing', unit: '', about: 'what indexing may take of a node that also searches', initial: 0.25, least: 0.01, most: 1 },
  searchesPerSecond: { flag: '--searches', kind: 'count', name: 'searches a second', unit: 'searches/s', about: 'at the busiest time', initial: 0, least: 0, most: 1e9 },
  searchDays: { flag: '--search-days', kind: 'days', name: 'days a search covers', unit: 'days', about: 'date range of an average search', initial: 30, least: 1, most: YEARS },
} as const satisfies Readonly<Record<string, Input>>;

/** What may be there already; calculated where it is not given. */
export const GIVEN = {
  hosts: { flag: '--hosts', kind: 'whole', name: 'hosts of a lane', unit: 'hosts', about: 'hosts that each lane has (else: as many as it needs)', initial: null, least: 1, most: 10_000 },
  nodes: { flag: '--nodes', kind: 'whole', name: 'data nodes', unit: 'nodes', about: 'data nodes that the cluster has (else: as many as it needs)', initial: null, least: 1, most: 10_000 },
} as const satisfies Readonly<Record<string, Input>>;

export type Workload = Readonly<Record<keyof typeof WORKLOAD, Line>>;
export type Given = Readonly<Record<keyof typeof GIVEN, Line | null>>;
export type Figures<Inputs> = { readonly [Key in keyof Inputs]?: number | undefined };

/** Inputs as lines, defaults filled in; names those that must be given and are not. */
export function workloadOf(figures: Figures<typeof WORKLOAD>): { readonly workload: Workload; readonly missing: readonly Input[] } {
  const entries = Object.entries<Input>(WORKLOAD).map(([key, definition]) => [key, lineOf(definition, figures[key as keyof typeof WORKLOAD])] as const);
  const missing = entries.filter(([, line]) => line === null).map(([key]) => WORKLOAD[key as keyof typeof WORKLOAD]);
  return { workload: Object.fromEntries(entries) as unknown as Workload, missing };
}

export function givenOf(figures: Figures<typeof GIVEN>): Given {
  return { hosts: lineOf(GIVEN.hosts, figures.hosts), nodes: lineOf(GIVEN.nodes, figures.nodes) };
}

function lineOf({ name, unit, initial }: Input, value: number | undefined): Line | null {
  if (value !== undefined) return input(name, unit, value, 'given');
  return initial === null ? null : input(name, unit, initial, 'default');
}
