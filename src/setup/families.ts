import type { AnyPipeline } from '../domain/pipeline.ts';
import { OWN_INDICES, OWN_PERIODS } from '../domain/system-names.ts';
import type { DatedFamily } from './create-ahead.ts';
import type { IndexFamily } from './template.ts';

/** What setup needs to know of a pipeline. */
export type PipelineIndex = Pick<AnyPipeline, 'name' | 'index'>;

/** The indices that Sluice keeps for itself in every region: what failed, what each batch came to, what audits found, alerts, and heartbeats. */
const OWN_FAMILIES: readonly IndexFamily[] = OWN_INDICES.map((base) => ({ base, mapping: base, hidesDeleted: false }));

/** Every index family of an installation. */
export function familiesOf(pipelines: readonly PipelineIndex[]): IndexFamily[] {
  return [...pipelines.map(({ name, index }) => ({ base: name, mapping: index.mapping, hidesDeleted: true })), ...OWN_FAMILIES];
}

/** The same, as seen by what creates indices. */
export function datedFamiliesOf(prefix: string, pipelines: readonly PipelineIndex[]): DatedFamily[] {
  const own = pipelines.map(({ name, index }) => ({ name: prefix + name, period: index.period }));
  return [...own, ...OWN_INDICES.map((base) => ({ name: prefix + base, period: OWN_PERIODS[base] }))];
}
