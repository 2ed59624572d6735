import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import type { Config } from '../config/schema.ts';
import type { Lane } from '../domain/lane.ts';
import { createProcessor, type Processor, type ProcessorParts } from '../indexing/processor.ts';
import type { LaneStatus } from '../indexing/status.ts';
import type { HealthPart } from '../observability/health.ts';
import { openLaneRate, type LaneRate } from './lane-rate.ts';
import { measureProcess } from '../observability/process-figures.ts';
import { createRegistry } from '../observability/metrics.ts';
import { tellState } from '../monitor/state-notes.ts';
import { keepAhead } from '../setup/create-ahead.ts';
import { createIndexKeeper, type IndexKeeper } from '../setup/ensure-indices.ts';
import { stateTopicOf } from '../setup/ensure-topics.ts';
import { datedFamiliesOf } from '../setup/families.ts';
import { codeVersion } from './code-version.ts';
import { openRegionLog, openRegionSearch } from './connections.ts';
import { pipelinesOf } from './configured.ts';
import { runService, type Component, type ServiceContext } from './service.ts';

/** Runs the processors of the given lanes in this process until a signal; resolves with the exit code. */
export async function runProcessor(config: Config, { lanes }: { readonly lanes: readonly Lane[] }): Promise<number> {
  return runService(config, {
    name: 'processor',
    drainTimeoutMs: config.processor.drainTimeoutMs,
    build: (context) => Promise.all(lanes.map((lane) => laneComponent(context, lane))),
  });
}

async function laneComponent(context: ServiceContext, lane: Lane): Promise<Component> {
  const { config, clock, host, tracing } = context;
  const log = context.log.child({ lane: lane.name });
  const registry = createRegistry({ ...context.labels, lane: lane.name });
  const destination = openRegionSearch(config, lane.destination);
  const indices = createIndexKeeper(destination);
  const source = openRegionLog(config, lane.source, log);
  const rate = await openLaneRate({ config, lane, source, destination, clock, log });
  const parts: ProcessorParts = {
    lane, source, destination, clock, log, registry, host, indices, ...(tracing && { tracing }),
    rate: rate.control,
    pipelines: pipelinesOf(config),
    settings: config.processor,
    prefix: config.prefix,
    origin: { role: lane.role, code: codeVersion(), host_group: config.host.group },
    hostGroup: config.host.group,
    random: Math.random,
    newId: randomUUID,
  };
  const processor = createProcessor(parts);
  return { registry, run: (drain) => runWithCompany(parts, processor, { config, indices, rate }, drain), close: () => destination.close(), health: laneHealth(lane, () => processor.status()) };
}

interface Company { readonly config: Config; readonly indices: IndexKeeper; readonly rate: LaneRate }

/** The lane, and beside it, for as long as it runs: its rate is watched, its state is told, and indices are created ahead of their time. */
async function runWithCompany(parts: ProcessorParts, processor: Processor, { config, indices, rate }: Company, drain: AbortSignal): Promise<void> {
  const { lane, host, clock, log, source, prefix } = parts;
  const ended = new AbortController();
  const telling = tellState({ log: source, topic: stateTopicOf(prefix), clock, code: codeVersion(), process: measureProcess(), read: () => [{ lane: lane.name, host, ...stateOf(processor.status()) }], onProblem: (problem) => log.debug({ problem }, 'state not told') }, ended.signal);
  const pacing = rate.run(ended.signal);
  const ahead = keepAhead({ clock, keeper: indices, span: config.indices, families: datedFamiliesOf(prefix, parts.pipelines), onRound: (round) => tellRound(log, round) }, ended.signal);
  try {
    await processor.run(drain);
  } finally {
    ended.abort();
    await Promise.all([telling, ahead, pacing]);
  }
}

function stateOf(status: LaneStatus): { state: string; reason: string | null; window: number } {
  const { window } = status.rate;
  if (status.state === 'running') {
    for (const gate of [status.gate, status.books]) if (gate.kind !== 'open') return { state: gate.kind, reason: gate.reason, window };
  }
  return { state: status.state, reason: status.connected ? null : status.lastError, window };
}

function tellRound(log: Logger, round: { readonly created: readonly string[] } | { readonly error: unknown }): void {
  if ('error' in round) log.warn({ err: round.error }, 'indices not created ahead: tried again in a minute, and at first sight of a document');
  else if (round.created.length > 0) log.info({ indices: round.created }, 'indices created ahead');
}

function laneHealth(lane: Lane, status: () => LaneStatus): HealthPart {
  return {
    name: lane.name,
    status,
    progress: () => progressOf(status()),
    notReady: () => reasonsOf(status()),
  };
}

/** Settled operations are the progress; a held lane waits on purpose, and says so under `/readyz`. */
function progressOf(status: LaneStatus): { count: number; hasWork: boolean } {
  const { applied, superseded, rejected, refused, batches } = status.counts;
  const held = status.gate.kind !== 'open';
  return { count: applied + superseded + rejected + refused + batches, hasWork: !held && (status.inFlightBatches > 0 || (status.lagRecords ?? 0) > 0) };
}

function reasonsOf(status: LaneStatus): string[] {
  return [
    ...(status.state === 'running' ? [] : [`the lane is ${status.state}`]),
    ...(status.connected ? [] : [`not connected to Kafka${status.lastError === null ? '' : `: ${status.lastError}`}`]),
    ...(status.gate.kind === 'open' ? [] : [`${status.gate.kind}: ${status.gate.reason}`]),
    ...(status.books.kind === 'open' ? [] : [`failure and batch indices ${status.books.kind}: ${status.books.reason}`]),
  ];
}
