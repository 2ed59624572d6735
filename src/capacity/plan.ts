import type { Line } from './expression.ts';
import { findingsOf, type Finding } from './findings.ts';
import { indicesOf, topicsOf, type Indices, type Topics } from './indices.ts';
import { ingestOf, lanesOf, memoryOf, type Ingest, type Lanes, type Memory } from './lanes.ts';
import { FIXED } from './limits.ts';
import type { Measured } from './measured.ts';
import { capOf, nodesOf, searchesOf, stateOf, type Cap, type Nodes, type Searches, type State } from './nodes.ts';
import { ratesOf, type Rates } from './rates.ts';
import type { Given, Workload } from './workload.ts';

/** The steps of a plan, each with its lines in the order in which they are calculated. */
export interface Parts {
  readonly workload: Workload;
  readonly measured: Measured;
  readonly rates: Rates;
  readonly lanes: Lanes;
  readonly memory: Memory;
  readonly ingest: Ingest;
  readonly topics: Topics;
  readonly indices: Indices;
  readonly nodes: Nodes;
  readonly state: State;
  readonly searches: Searches;
  readonly cap: Cap;
}

export interface Section {
  readonly title: string;
  readonly lines: readonly Line[];
}

export interface Plan {
  readonly parts: Parts;
  /** What was put in: asked, measured, fixed. */
  readonly inputs: readonly Section[];
  readonly sections: readonly Section[];
  readonly findings: readonly Finding[];
  /** False when something that was given does not suffice. */
  readonly ok: boolean;
}

/** One destination cluster and the lanes into it, calculated from what is asked and what was measured. Pure. */
export function planCapacity(workload: Workload, given: Given, measured: Measured): Plan {
  const rates = ratesOf(workload);
  const lanes = lanesOf(workload, given, measured, rates);
  const topics = topicsOf(workload, measured);
  const indices = indicesOf(workload, measured, rates, lanes);
  const nodes = nodesOf(workload, given, measured, rates, lanes, indices);
  const state = stateOf(workload, measured, indices, nodes);
  const searches = searchesOf(workload, indices, nodes);
  const cap = capOf(workload, measured, rates, lanes, indices, searches);
  const parts = { workload, measured, rates, lanes, memory: memoryOf(measured), ingest: ingestOf(workload, measured, rates, lanes), topics, indices, nodes, state, searches, cap };
  const findings = findingsOf(parts);
  return { parts, inputs: inputsOf(workload, given, measured), sections: sectionsOf(parts), findings, ok: findings.every(({ kind }) => kind !== 'problem') };
}

function inputsOf(workload: Workload, { hosts, nodes }: Given, measured: Measured): Section[] {
  const given = [hosts, nodes].filter((line) => line !== null);
  return [
    { title: 'Asked', lines: [...Object.values(workload), ...given] },
    { title: 'Measured', lines: Object.values(measured) },
    { title: 'Fixed', lines: FIXED },
  ];
}

function sectionsOf({ rates, lanes, memory, ingest, topics, indices, nodes, state, searches, cap }: Parts): Section[] {
  return [
    sectionOf('Rate', rates),
    sectionOf('Lanes', lanes),
    sectionOf('Memory of a processor', memory),
    sectionOf('Ingest', ingest),
    sectionOf('Kafka of a region', topics),
    sectionOf('Indices and shards', indices),
    sectionOf('Data nodes', nodes),
    sectionOf('Cluster state', state),
    sectionOf('Search', searches),
    sectionOf('Rate cap of the cluster', cap),
  ];
}

function sectionOf(title: string, lines: object): Section {
  return { title, lines: Object.values(lines) as Line[] };
}
