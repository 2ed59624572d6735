import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import type { ProcessorConfig } from '../config/schema.ts';
import type { BackfillLane, Lane } from '../domain/lane.ts';
import type { Origin } from '../domain/origin.ts';
import type { AnyPipeline } from '../domain/pipeline.ts';
import type { Clock } from '../ports/clock.ts';
import type { RecordLog } from '../ports/record-log.ts';
import type { BulkSink } from '../ports/search-index.ts';
import type { Tracing } from '../ports/tracing.ts';
import type { RateControl } from '../rate/rate-control.ts';
import type { Batch } from './batch.ts';
import { assemble, type Works } from './works.ts';
import type { LaneStatus } from './status.ts';

/** Everything a processor is made of; only src/main/ puts it together. */
export interface ProcessorParts {
  readonly lane: Lane | BackfillLane;
  readonly source: RecordLog;
  readonly destination: BulkSink;
  readonly indices: IndexKeeper;
  readonly pipelines: readonly AnyPipeline[];
  /** Pipeline of a topic that is not called after one (the files of an extract). */
  readonly pipelineOf?: (topic: string) => string;
  readonly settings: ProcessorConfig;
  readonly rate: RateControl;
  readonly prefix: string;
  readonly origin: Origin;
  readonly host: string;
  readonly hostGroup: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly newId: () => string;
  readonly log: Logger;
  readonly registry: Registry;
  /** Absent where tracing is off. */
  readonly tracing?: Tracing;
}

/** Makes sure that indices are there before documents are sent to them. */
export interface IndexKeeper {
  /** Resolves when the indices exist; rejects with SluiceError ELASTICSEARCH_* when that cannot be had now. */
  ensure(indices: readonly string[]): Promise<unknown>;
  /** The indices were found missing: ask again next time. */
  forget(indices: readonly string[]): void;
}

export interface Processor {
  /** Runs until `drain` is aborted and everything taken is settled and committed; rejects on a bug. */
  run(drain: AbortSignal): Promise<void>;
  status(): LaneStatus;
}

/**
 * MAP 2 · consume → batch → bulk → outcome → settle → commit.
 * One lane, one process; many processes of a lane are one consumer group.
 */
export function createProcessor(parts: ProcessorParts): Processor {
  const works = assemble(parts);
  return { run: (drain) => runLane(works, drain), status: () => works.status() };
}

async function runLane(works: Works, drain: AbortSignal): Promise<void> {
  await works.join(drain);
  await works.guard(feed(works, drain));
  await works.drain(async (last) => await dispatch(works, last));
  await works.leave();
}

async function feed(works: Works, drain: AbortSignal): Promise<void> {
  while (!drain.aborted && !works.failed) {
    for (const received of await works.consume(drain)) {
      for (const full of works.batch(received)) await dispatch(works, full);
    }
    const due = works.due();
    if (due !== null) await dispatch(works, due);
  }
}

/** Takes a place among the batches in flight (waiting for one is what slows the lane down), then lets the batch go its way. */
async function dispatch(works: Works, batch: Batch): Promise<void> {
  await works.enter(batch);
  works.watch(carry(works, batch));
}

async function carry(works: Works, batch: Batch): Promise<void> {
  await works.ensureIndices(batch);
  const delivery = await works.bulk(batch);
  await works.writeFailures(batch, delivery);
  works.settle(batch, delivery);
}
