import type { Logger } from 'pino';
import type { IngestConfig, ProcessorConfig } from '../config/schema.ts';
import type { Origin } from '../domain/origin.ts';
import type { AnyPipeline, Lookups } from '../domain/pipeline.ts';
import type { IndexKeeper } from '../indexing/processor.ts';
import type { Clock } from '../ports/clock.ts';
import type { BorrowedRate } from '../rate/borrowed-rate.ts';
import type { RecordLog } from '../ports/record-log.ts';
import type { SearchCluster } from '../ports/search-index.ts';
import type { Failure } from './failure.ts';
import { FailureStore } from './failure-store.ts';

/** One region as redrive sees it; connections are made at first use. */
export interface RedriveRegion {
  readonly search: SearchCluster;
  readonly log: RecordLog;
  readonly indices: IndexKeeper;
}

/** Everything that redrive is made of; only src/main/ puts it together. */
export interface RedriveParts {
  readonly prefix: string;
  /** Every region, in the order of the configuration. */
  readonly regions: ReadonlyMap<string, RedriveRegion>;
  readonly source: RecordLog;
  readonly pipelines: readonly AnyPipeline[];
  readonly settings: { readonly processor: ProcessorConfig; readonly ingest: IngestConfig };
  /** Reads a row that failed in a backfill again; null where no object store is configured. */
  readonly rows: { read(source: Failure['source'], cycle: Failure['cycle']): Promise<{ readonly pipeline: AnyPipeline; readonly payload: Buffer | null }> } | null;
  /** Asked for once, when the first event has to be enriched. */
  readonly lookups: () => Promise<Lookups>;
  /** Written on every document: role `redrive`. */
  readonly origin: Origin;
  /** The share of the regions' caps that documents are written with; events go through Kafka, where the lanes' own rate awaits them. */
  readonly share: Pick<BorrowedRate, 'of' | 'rest'>;
  readonly host: string;
  readonly clock: Clock;
  /** 0…1, for jitter. */
  readonly random: () => number;
  readonly newId: () => string;
  readonly log: Logger;
}

/** The failure indices of the named regions, in their order. */
export function storesOf({ regions, prefix, clock }: Pick<RedriveParts, 'prefix' | 'clock'> & { readonly regions: ReadonlyMap<string, Pick<RedriveRegion, 'search'>> }, names: readonly string[]): FailureStore[] {
  return [...regions].filter(([name]) => names.includes(name)).map(([name, { search }]) => new FailureStore(name, search, prefix, clock));
}
