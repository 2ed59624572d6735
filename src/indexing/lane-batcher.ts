import { versionTypeOf } from '../domain/lane.ts';
import { originSuffix } from '../domain/origin.ts';
import type { Settlement } from '../domain/settlement.ts';
import { FAILURES_INDEX, FAILURES_PIPELINE, FAILURES_SCHEMA, HEARTBEATS_INDEX, HEARTBEATS_PIPELINE, HEARTBEATS_SCHEMA, OWN_PERIODS } from '../domain/system-names.ts';
import { Batcher } from './batcher.ts';
import { OperationReader } from './operation-reader.ts';
import type { ProcessorParts } from './processor.ts';
import { Targets, type IndexPattern } from './targets.ts';

/** The batcher of a lane: which index each record goes into, and what stands on every document. */
export function laneBatcher(parts: ProcessorParts, pipelineOf: (topic: string) => string, settlement: Settlement): Batcher {
  const { lane, settings, clock, origin, host, newId, rate, tracing } = parts;
  const targets = new Targets(patternsOf(parts), versionTypeOf(lane.role));
  const reader = new OperationReader({ targets, pipelineOf, maxDocumentBytes: settings.maxDocumentBytes });
  const { batchBytes, batchOperations, batchAgeMs } = settings;
  const heartbeats = { lane: lane.name, cluster: lane.source, destination: lane.destination, host, origin, now: () => clock.now() };
  return new Batcher({ batchBytes, batchOperations, batchAgeMs, limits: () => rate.limits(), suffix: originSuffix(origin), pipelineOf, newBatchId: newId, clock, heartbeats, traced: tracing !== undefined }, reader, settlement);
}

function patternsOf({ prefix, pipelines }: ProcessorParts): Map<string, IndexPattern> {
  const patterns = new Map<string, IndexPattern>(pipelines.map((pipeline) => [pipeline.name, { base: `${prefix}${pipeline.name}`, period: pipeline.index.period, schema: pipeline.schema }]));
  patterns.set(FAILURES_PIPELINE, { base: `${prefix}${FAILURES_INDEX}`, period: OWN_PERIODS[FAILURES_INDEX], schema: FAILURES_SCHEMA });
  patterns.set(HEARTBEATS_PIPELINE, { base: `${prefix}${HEARTBEATS_INDEX}`, period: OWN_PERIODS[HEARTBEATS_INDEX], schema: HEARTBEATS_SCHEMA });
  return patterns;
}
