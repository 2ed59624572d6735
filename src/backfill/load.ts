import { LRUCache } from 'lru-cache';
import PQueue from 'p-queue';
import { backfillLane, WAREHOUSE } from '../domain/lane.ts';
import type { Lookups } from '../domain/pipeline.ts';
import { createProcessor, type Processor, type ProcessorParts } from '../indexing/processor.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import type { RecordBlock } from '../ports/record-log.ts';
import type { BackfillCase, Rows } from './case.ts';
import { Claims } from './claims.ts';
import { readControl } from './control.ts';
import { convertRows, pipelineAt } from './convert.ts';
import { CycleConsumer } from './cycle-consumer.ts';
import { cycleLog } from './cycle-log.ts';
import type { CycleKeys } from './keys.ts';
import { groupsOf, type Group, type Manifest } from './manifest.ts';
import type { Plan } from './plan.ts';
import { GroupReader } from './read-group.ts';
import type { BackfillConfig } from '../config/schema.ts';

/** A batch of a load may wait so long for more rows: nobody waits for its freshness. */
const BATCH_AGE_MS = 200;

/** What a load has in common for all its regions. */
export interface LoadParts {
  readonly plan: Plan;
  readonly manifest: Manifest;
  readonly case: BackfillCase;
  readonly store: ObjectStore;
  readonly keys: CycleKeys;
  readonly lookups: Lookups;
  readonly settings: BackfillConfig;
  /** Documents that are larger go to the failure index, bytes. */
  readonly maxRecordBytes: number;
  readonly enrichTimeoutMs: number;
  /** Names this process among those that share the cycle. */
  readonly worker: string;
}

/** What a lane into one region is made of, beside that. */
export type LaneParts = Omit<ProcessorParts, 'lane' | 'source' | 'pipelineOf'>;

/** The load of one region: a lane whose source is the extract. */
export interface RegionLoad {
  readonly region: string;
  /** Resolves when every row group of the region is done, here or elsewhere, or the cycle was cancelled, or `stop` was aborted. */
  run(stop: AbortSignal): Promise<'done' | 'cancelled' | 'stopped'>;
  /** Rows of the region that are done, by all workers. */
  doneRows(): number;
  status(): ReturnType<Processor['status']>;
}

/** Fetches row groups, a bounded number at once, and converts one after the other: decoded columns are what takes the memory. Regions that keep step share the work. */
export class SharedBlocks {
  readonly #fetching: PQueue;
  readonly #converting = new PQueue({ concurrency: 1 });
  readonly #blocks: LRUCache<number, Promise<RecordBlock>>;
  readonly #reader: Pick<GroupReader, 'fetch'>;
  readonly #convert: (rows: Rows, group: Group) => Promise<RecordBlock>;

  constructor(readAhead: number, reader: Pick<GroupReader, 'fetch'>, convert: (rows: Rows, group: Group) => Promise<RecordBlock>) {
    this.#fetching = new PQueue({ concurrency: readAhead });
    this.#blocks = new LRUCache({ max: readAhead });
    this.#reader = reader;
    this.#convert = convert;
  }

  read(group: Group): Promise<RecordBlock> {
    let block = this.#blocks.get(group.number);
    if (block === undefined) {
      block = this.#make(group);
      this.#blocks.set(group.number, block);
      block.catch(() => this.#blocks.delete(group.number)); // told to whoever asked; the next one tries again
    }
    return block;
  }

  async #make(group: Group): Promise<RecordBlock> {
    const fetched = await this.#fetching.add(() => this.#reader.fetch(group));
    return await this.#converting.add(async () => this.#convert(await fetched.rows(), group));
  }
}

/** What all regions of this process read from. */
export function sharedBlocks(parts: LoadParts, lane: Pick<LaneParts, 'pipelines' | 'prefix' | 'host' | 'clock'>): SharedBlocks {
  const [pipeline] = lane.pipelines;
  if (pipeline === undefined) throw new Error('a load writes to one pipeline');
  const reader = new GroupReader(parts.store, parts.manifest.columns);
  const context = {
    lookups: parts.lookups, clock: lane.clock, timeoutMs: parts.enrichTimeoutMs, meter: { runs: 0, ms: 0 },
    prefix: lane.prefix, sourceCluster: WAREHOUSE, host: lane.host, maxRecordBytes: parts.maxRecordBytes,
  };
  const convert = { case: parts.case, pipeline: pipelineAt(pipeline, parts.plan.epoch), extractedAt: Date.parse(parts.manifest.extractedAt), context };
  return new SharedBlocks(parts.settings.readAhead, reader, (rows, group) => convertRows(rows, group, convert));
}

/** A lane from the extract into one region. */
export function regionLoad(region: string, parts: LoadParts, lane: LaneParts, blocks: SharedBlocks): RegionLoad {
  const { store, keys, settings, worker } = parts;
  const groups = groupsOf(parts.manifest);
  const claims = new Claims({ store, keys, region, worker, clock: lane.clock, leaseMs: settings.leaseMs }, groups);
  const ended = new AbortController();
  let end: 'done' | 'cancelled' | 'stopped' = 'stopped';
  const consumer = new CycleConsumer({
    claims, clock: lane.clock, leaseMs: settings.leaseMs, pollMs: settings.pollMs, readAhead: settings.readAhead, unsettled: settings.readAhead + lane.settings.inFlight,
    read: (group) => blocks.read(group),
    control: () => readControl(store, keys),
    onEnd: (how) => { end = how; ended.abort(); },
  });
  const processor = createProcessor({
    ...lane, lane: backfillLane(region), source: cycleLog(consumer), pipelineOf: () => parts.plan.pipeline,
    settings: { ...lane.settings, batchAgeMs: Math.max(BATCH_AGE_MS, lane.settings.batchAgeMs) },
  });
  return {
    region,
    run: async (stop) => {
      await processor.run(AbortSignal.any([stop, ended.signal]));
      return end;
    },
    doneRows: () => claims.doneRows,
    status: () => processor.status(),
  };
}
