import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import type { IngestConfig } from '../config/schema.ts';
import { ByteBudget } from '../domain/byte-budget.ts';
import { SluiceError } from '../domain/errors.ts';
import { type AnyPipeline, type Lookups, regionalTopicOf, sourceTopicOf } from '../domain/pipeline.ts';
import { versionOf } from '../domain/version.ts';
import type { Clock } from '../ports/clock.ts';
import type { PartitionPosition, RecordConsumer, RecordLog, RecordLogAdmin } from '../ports/record-log.ts';
import type { Tracing } from '../ports/tracing.ts';
import { CatchUp } from './catch-up.ts';
import type { ChunkLimits } from './chunks.ts';
import { Commits } from './commits.ts';
import { DualWrite } from './dual-write.ts';
import { memberGroup } from './groups.ts';
import { Heads } from './heads.ts';
import { LagMonitor } from './lag.ts';
import { createMetrics, type IngestMetrics } from './metrics.ts';
import type { EventContext, Route } from './process-event.ts';
import { type RegionMode, RegionState } from './region-state.ts';
import { RegionWriter } from './region-writer.ts';
import { createReplace } from './replace.ts';
import { Source } from './source.ts';
import { Wake } from './wake.ts';

/** What ingest is made of; `sourceCluster` names the source cluster in failure documents, `host` this process. */
export interface IngestParts {
  readonly source: RecordLog;
  readonly regions: ReadonlyMap<string, RecordLog>;
  readonly pipelines: readonly AnyPipeline[];
  readonly lookups: Lookups;
  readonly settings: IngestConfig;
  readonly clock: Clock;
  readonly log: Logger;
  readonly registry: Registry;
  /** Absent where tracing is off. */
  readonly tracing?: Tracing;
  readonly host: string;
  readonly prefix: string;
  readonly sourceCluster: string;
  /** How long the source's topics keep records, ms; without it only what retention has removed already tells how near it is. */
  readonly retentionMs?: number;
}

/** Part of the byte budget that is kept for regions that catch up. */
const CATCH_UP_SHARE = 0.25;
/** One fetch takes at most this part of its budget, so that the next one can begin while it is produced. */
const FETCH_SHARE = 0.25;

/** One region's moving parts. */
export interface RegionMachine {
  readonly writer: RegionWriter;
  readonly catchUp: CatchUp;
  /** Since when the region is in its present state, epoch ms. */
  readonly since: () => number;
}

/** Everything that runs, wired together and standing still. */
export interface IngestMachine {
  readonly parts: IngestParts;
  readonly consumer: RecordConsumer;
  readonly admin: RecordLogAdmin;
  readonly source: Source;
  readonly heads: Heads;
  readonly regions: readonly RegionMachine[];
  readonly dualWrite: DualWrite;
  readonly commits: Commits;
  readonly lag: LagMonitor;
  readonly budget: ByteBudget;
  readonly catchUpBudget: ByteBudget;
  readonly fetchBytes: number;
  readonly limits: ChunkLimits;
  readonly routes: ReadonlyMap<string, Route>;
  readonly context: EventContext;
  readonly metrics: IngestMetrics;
}

/** Wires ingest together. Throws SluiceError `CONFIG_INVALID` where regions or pipelines cannot work. */
export function assemble(parts: IngestParts, onFatal: (error: unknown) => void): IngestMachine {
  const { settings, prefix, clock, log, source: sourceLog } = parts;
  if (parts.regions.size === 0) throw new SluiceError('CONFIG_INVALID', 'ingest needs at least one region');
  const routes = routesOf(parts.pipelines, prefix);
  const topics = [...routes.keys()];
  const heads = new Heads();
  const metrics = createMetrics(parts.registry);
  const budget = new ByteBudget(settings.inFlightBytes * (1 - CATCH_UP_SHARE));
  const catchUpBudget = new ByteBudget(settings.inFlightBytes * CATCH_UP_SHARE);
  const context: EventContext = {
    lookups: parts.lookups, clock, timeoutMs: settings.enrichTimeoutMs, meter: { runs: 0, ms: 0 },
    prefix, sourceCluster: parts.sourceCluster, host: parts.host, maxRecordBytes: settings.maxRecordBytes,
    ...(parts.tracing && { tracing: parts.tracing }),
  };
  // Documents grow while they are enriched: chunks close at half of what one send should hold.
  const limits = { records: settings.batchRecords, bytes: Math.ceil(settings.maxRecordBytes / 2) };
  const regions = [...parts.regions].map(([region, regionLog]) => regionMachine(region, regionLog, { parts, heads, metrics, routes, context, limits, catchUpBudget, restart: (position) => { source.restart(position); }, onChange: () => { dualWrite.cutLaggards(); } }));
  const writers = regions.map(({ writer }) => writer);
  const dualWrite = new DualWrite(heads, writers, budget, clock);
  const states = new Map(writers.map(({ region, state }) => [region, state]));
  const admin = sourceLog.admin();
  const consumer = sourceLog.consumer({ group: memberGroup(prefix), topics, from: 'earliest', sessionTimeoutMs: settings.sessionTimeoutMs });
  const source = new Source({ consumer, admin, heads, regions: states, prefix, clock, log, onFatal, onChange: () => { for (const { ring } of regions) ring(); } });
  const commits = new Commits({ consumer, admin, regions: states, prefix, log, metrics });
  const lag = new LagMonitor({ admin, topics, regions: states, clock, log, metrics, retentionMs: parts.retentionMs ?? null });
  const fetchBytes = Math.min(settings.fetchBytes, Math.floor(budget.limit * FETCH_SHARE));
  return { parts, consumer, admin, source, heads, regions, dualWrite, commits, lag, budget, catchUpBudget, fetchBytes, limits, routes, context, metrics };
}

interface RegionContext {
  readonly parts: IngestParts;
  readonly heads: Heads;
  readonly metrics: IngestMetrics;
  readonly routes: ReadonlyMap<string, Route>;
  readonly context: EventContext;
  readonly limits: ChunkLimits;
  readonly catchUpBudget: ByteBudget;
  readonly restart: (position: PartitionPosition) => void;
  readonly onChange: () => void;
}

function regionMachine(region: string, regionLog: RecordLog, { parts, heads, metrics, routes, context, limits, catchUpBudget, restart, onChange }: RegionContext): RegionMachine & { readonly ring: () => void } {
  const { settings, clock, source } = parts;
  const log = parts.log.child({ region });
  const state = new RegionState(heads);
  const wake = new Wake();
  const watch = modeWatch(state, clock, log);
  const ring = (): void => { watch.look(); wake.ring(); };
  const writer = new RegionWriter({
    region, state, clock, log, metrics,
    ...(parts.tracing && { tracing: parts.tracing }),
    openProducer: () => regionLog.producer({ compression: settings.compression, deliveryTimeoutMs: settings.deliveryTimeoutMs }),
    replace: createReplace(() => source.reader(), routes, context),
    limits: { records: settings.batchRecords, bytes: settings.maxRecordBytes },
    onChange: () => { ring(); onChange(); },
  });
  const catchUp = new CatchUp({
    writer, routes, limits, context, clock, metrics, log, restart, wake,
    openReader: () => source.reader(),
    budget: catchUpBudget,
    fetchBytes: Math.min(settings.fetchBytes, Math.floor(catchUpBudget.limit / (2 * parts.regions.size))),
    retryMs: settings.retryMs,
  });
  return { writer, catchUp, ring, since: () => watch.since };
}

/** Notices when a region's state changes, logs it, and remembers since when. */
function modeWatch(state: RegionState, clock: Clock, log: Logger): { readonly since: number; look(): void } {
  let mode: RegionMode = state.mode;
  let since = clock.now();
  return {
    get since() { return since; },
    look() {
      const current = state.mode;
      if (current === mode) return;
      log.info({ from: mode, to: current }, 'region state');
      mode = current;
      since = clock.now();
    },
  };
}

/** Source topic → pipeline; every pipeline is checked for what its records' envelopes can hold. */
function routesOf(pipelines: readonly AnyPipeline[], prefix: string): Map<string, Route> {
  for (const { name, schema, epoch } of pipelines) {
    if (name.length === 0 || Buffer.byteLength(name) > 255) throw new SluiceError('CONFIG_INVALID', `pipeline name ${name} is not 1…255 bytes long`);
    if (!Number.isInteger(schema) || schema < 0 || schema > 65_535) throw new SluiceError('CONFIG_INVALID', `schema ${schema} of pipeline ${name} is not in 0…65535`);
    if (epoch !== 'off') versionOf(0, epoch);
  }
  const routes = new Map(pipelines.map((pipeline) => [sourceTopicOf(prefix, pipeline.name), { pipeline, regionalTopic: regionalTopicOf(prefix, pipeline.name) }]));
  if (routes.size !== pipelines.length || routes.size === 0) throw new SluiceError('CONFIG_INVALID', 'ingest needs pipelines with names of their own');
  return routes;
}
