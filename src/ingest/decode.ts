import { messageOf } from '../domain/errors.ts';
import type { SourceEvent } from '../domain/event.ts';
import type { AnyPipeline, Decoded } from '../domain/pipeline.ts';

const NO_PAYLOAD: Decoded<never> = { ok: false, problem: 'the record has no value' };

/** The event in the pipeline's own terms, or the problem. Never throws, whatever the decoder does. */
export function decode(pipeline: AnyPipeline, event: SourceEvent): Decoded<unknown> {
  try {
    if (event.object !== undefined && pipeline.read !== undefined) return pipeline.read(event.object);
    return event.payload === null ? NO_PAYLOAD : pipeline.decode(event.payload);
  } catch (error) {
    return { ok: false, problem: `the decoder threw: ${messageOf(error)}` };
  }
}
