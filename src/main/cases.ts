import { cases } from '../../backfill/index.ts';
import type { BackfillCase } from '../backfill/case.ts';
import type { Config } from '../config/schema.ts';
import { SluiceError } from '../domain/errors.ts';
import type { AnyPipeline } from '../domain/pipeline.ts';
import { pipelinesOf } from './configured.ts';

/** The case of a name; throws USAGE that lists the cases there are. */
export function caseNamed(name: string): BackfillCase {
  const one = cases.find((candidate) => candidate.name === name);
  if (one === undefined) throw new SluiceError('USAGE', `there is no case ${name}; the cases are ${cases.map((candidate) => candidate.name).join(', ')}`);
  return one;
}

/** The pipeline that a case writes to, among those that the configuration names. */
export function pipelineOfCase(config: Config, one: BackfillCase): AnyPipeline {
  const pipeline = pipelinesOf(config).find((candidate) => candidate.name === one.pipeline);
  if (pipeline === undefined) throw new SluiceError('USAGE', `case ${one.name} writes to pipeline ${one.pipeline}, which "pipelines" of the configuration does not name`);
  return pipeline;
}
