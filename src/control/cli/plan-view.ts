import { readable, type Line } from '../../capacity/expression.ts';
import type { Plan, Section } from '../../capacity/plan.ts';
import { colors } from './colors.ts';
import { table } from './table.ts';

/** A plan for a person: what to set up, then how it was calculated, then what does not fit. */
export function planView(plan: Plan, { inputs }: { readonly inputs: boolean }): string {
  const sections = inputs ? [...plan.inputs, ...plan.sections] : plan.sections;
  return [...sections.map(sectionView), summaryView(plan), findingsView(plan)].join('\n\n');
}

function sectionView({ title, lines }: Section): string {
  return [colors.bold(title), ...lines.flatMap(lineView)].join('\n');
}

/** The figure, and beneath it how it came about, in words and in figures. */
function lineView({ name, value, unit, formula, arithmetic }: Line): string[] {
  const how = arithmetic === '' ? formula : `= ${formula} = ${arithmetic}`;
  return [`  ${name}: ${colors.bold(readable(value))} ${unit}`.trimEnd(), colors.dim(`    ${how}`)];
}

/** The figures that one sets. */
export function summaryOf({ parts }: Plan): Line[] {
  const { lanes, memory, ingest, topics, indices, nodes, cap } = parts;
  return [lanes.partitions, lanes.hosts, memory.memory, ingest.hosts, topics.disk, indices.indices, indices.shardsAnIndex, indices.shards, indices.disk, nodes.nodes, nodes.heap, cap.documents];
}

function summaryView(plan: Plan): string {
  return table(['In short', 'figure', 'unit'], summaryOf(plan).map(({ name, value, unit }) => [name, readable(value), unit]));
}

function findingsView({ findings }: Plan): string {
  return findings.map(({ kind, text }) => (kind === 'problem' ? `${colors.red('does not fit')}: ${text}` : `${colors.dim('note')}: ${text}`)).join('\n');
}
