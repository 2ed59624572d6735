import { decodeEnvelope, ENVELOPE_HEADER } from '../domain/envelope.ts';
import { indexNameOf } from '../domain/index-name.ts';
import { regionalTopicOf, type AnyPipeline, type Lookups } from '../domain/pipeline.ts';
import { EPOCHS } from '../domain/version.ts';
import type { Flaw } from '../indexing/precheck.ts';
import { processEvent, type EventContext } from '../ingest/process-event.ts';
import type { IngestRecord } from '../ingest/record.ts';
import type { Failure } from './failure.ts';
import type { RedriveParts } from './parts.ts';
import type { Plan } from './plan.ts';

/** Ingest's own way from an event to a record, with lookups that are loaded when the first event needs them. */
export class Conversion {
  readonly #parts: RedriveParts;
  #lookups: Promise<Lookups> | null = null;

  constructor(parts: RedriveParts) {
    this.#parts = parts;
  }

  async context(): Promise<EventContext> {
    this.#lookups ??= this.#parts.lookups();
    const { clock, prefix, host, settings } = this.#parts;
    const { enrichTimeoutMs, maxRecordBytes } = settings.ingest;
    return { lookups: await this.#lookups, clock, timeoutMs: enrichTimeoutMs, meter: { runs: 0, ms: 0 }, prefix, host, sourceCluster: 'source', maxRecordBytes };
  }
}

/** The record that ingest, as it is today, makes of the event; or why it makes none. */
export async function planEvent(failure: Failure, payload: Buffer | null, { raiseEpoch, pipeline: known }: { readonly raiseEpoch: boolean; readonly pipeline: AnyPipeline | undefined }, conversion: Conversion, parts: RedriveParts): Promise<Plan> {
  if (known === undefined) return failed({ type: 'pipeline_unknown', reason: `there is no pipeline ${failure.pipeline}` });
  const pipeline = raiseEpoch ? withRaisedEpoch(known) : known;
  if ('reason' in pipeline) return failed(pipeline);
  const { topic, partition, offset, timestamp } = failure.source;
  const route = { pipeline, regionalTopic: regionalTopicOf(parts.prefix, pipeline.name) };
  const end = await processEvent(route, { pipeline: pipeline.name, topic, partition, offset, timestamp, key: null, payload }, await conversion.context());
  switch (end.kind) {
    case 'written': return planRecord(end.record, pipeline, parts.prefix);
    case 'skipped': return { kind: 'done', outcome: `the pipeline leaves it out: ${end.reason}` };
    case 'failed': return failed(errorIn(end.record));
  }
}

function withRaisedEpoch(pipeline: AnyPipeline): AnyPipeline | Flaw {
  if (pipeline.epoch === 'off') return { type: 'epoch_off', reason: `pipeline ${pipeline.name} has no epochs: a patched event cannot beat the stored document of the same version` };
  if (pipeline.epoch + 1 >= EPOCHS) return { type: 'epoch_exhausted', reason: `pipeline ${pipeline.name} is at the last epoch already` };
  return { ...pipeline, epoch: pipeline.epoch + 1 };
}

/** The record, and what the processors will make of it. */
function planRecord(record: IngestRecord, { name, index }: AnyPipeline, prefix: string): Plan {
  const envelope = decodeEnvelope(record.headers?.get(ENVELOPE_HEADER) ?? Buffer.alloc(0));
  if (envelope === null) return failed({ type: 'envelope_unreadable', reason: 'the finished record has no envelope' });
  const { operation, id, version, routingTime } = envelope;
  return { kind: 'event', record, write: { operation, index: indexNameOf(`${prefix}${name}`, index.period, routingTime), id, version, value: record.value } };
}

/** Ingest tells what went wrong as a failure record. */
function errorIn({ value }: IngestRecord): Flaw {
  const { error } = JSON.parse((value ?? Buffer.from('{}')).toString('utf8')) as { error?: Flaw };
  return { type: error?.type ?? 'unknown', reason: error?.reason ?? '' };
}

function failed(flaw: Flaw): Plan {
  return { kind: 'failed', flaw };
}
