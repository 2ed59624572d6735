import type { AnyPipeline } from '../domain/pipeline.ts';
import type { Period } from '../domain/index-name.ts';
import { ALERTS_INDEX, AUDITS_INDEX, BATCHES_INDEX, FAILURES_INDEX, HEARTBEATS_INDEX } from '../domain/system-names.ts';
import type { DatedFamily } from './create-ahead.ts';
import type { IndexFamily } from './template.ts';

/** What setup needs to know of a pipeline. */
export type PipelineIndex = Pick<AnyPipeline, 'name' | 'index'>;

/** The indices that Sluice keeps for itself in every region: what failed, what each batch came to, what audits repaired, alerts, and heartbeats. */
export const SYSTEM_FAMILIES: readonly (IndexFamily & { readonly period: Period })[] = [
  { base: FAILURES_INDEX, mapping: FAILURES_INDEX, hidesDeleted: false, period: 'month' },
  { base: BATCHES_INDEX, mapping: BATCHES_INDEX, hidesDeleted: false, period: 'month' },
  { base: AUDITS_INDEX, mapping: AUDITS_INDEX, hidesDeleted: false, period: 'month' },
  { base: ALERTS_INDEX, mapping: ALERTS_INDEX, hidesDeleted: false, period: 'month' },
  { base: HEARTBEATS_INDEX, mapping: HEARTBEATS_INDEX, hidesDeleted: false, period: 'day' },
];

/** Every index family of an installation. */
export function familiesOf(pipelines: readonly PipelineIndex[]): IndexFamily[] {
  return [...pipelines.map(({ name, index }) => ({ base: name, mapping: index.mapping, hidesDeleted: true })), ...SYSTEM_FAMILIES];
}

/** The same, as seen by what creates indices. */
export function datedFamiliesOf(prefix: string, pipelines: readonly PipelineIndex[]): DatedFamily[] {
  const own = pipelines.map(({ name, index }) => ({ name: prefix + name, period: index.period }));
  return [...own, ...SYSTEM_FAMILIES.map(({ base, period }) => ({ name: prefix + base, period }))];
}
