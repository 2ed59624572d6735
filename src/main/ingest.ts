import type { Config } from '../config/schema.ts';
import type { TopicPartition } from '../domain/partition.ts';
import { createIngest } from '../ingest/ingest.ts';
import type { IngestStatus } from '../ingest/status.ts';
import { loadLookups } from '../lookups/lookups.ts';
import type { HealthPart } from '../observability/health.ts';
import { INGEST_TO } from '../monitor/rules/held.ts';
import { tellState, type ToldState } from '../monitor/state-notes.ts';
import { measureProcess } from '../observability/process-figures.ts';
import { createRegistry } from '../observability/metrics.ts';
import { stateTopicOf } from '../setup/ensure-topics.ts';
import { codeVersion } from './code-version.ts';
import { openRegionLog, openSource } from './connections.ts';
import { beat } from './heartbeat.ts';
import { pipelinesOf } from './configured.ts';
import { runService, type Component, type ServiceContext } from './service.ts';

/** Name of the source cluster in failure documents. */
const SOURCE_CLUSTER = 'source';
const HOUR_MS = 3_600_000;

/** Runs ingest in this process until a signal; resolves with the exit code. */
export async function runIngest(config: Config): Promise<number> {
  return runService(config, { name: 'ingest', drainTimeoutMs: config.ingest.drainTimeoutMs, build: async (context) => [await ingestComponent(context)] });
}

async function ingestComponent({ config, clock, log, host, labels, tracing }: ServiceContext): Promise<Component> {
  const registry = createRegistry(labels);
  const { lookups, run: refresh } = await loadLookups({ settings: config.reference, clock, log, registry });
  const regions = new Map(Object.keys(config.regions).map((region) => [region, openRegionLog(config, region, log)]));
  const ingest = createIngest({
    clock, log, registry, host, lookups, regions, ...(tracing && { tracing }),
    source: openSource(config, log),
    pipelines: pipelinesOf(config),
    settings: config.ingest,
    prefix: config.prefix,
    sourceCluster: SOURCE_CLUSTER,
    retentionMs: config.topics.retentionHours * HOUR_MS,
  });
  return {
    registry,
    health: ingestHealth(() => ingest.status()),
    run: async (drain) => {
      const ended = new AbortController();
      const refreshing = refresh(AbortSignal.any([drain, ended.signal]));
      // Into every region: the one that is cut loose cannot be told.
      const [startedAt, figures] = [clock.now(), measureProcess()];
      const telling = [...regions.values()].map((region) => tellState({
        log: region, topic: stateTopicOf(config.prefix), clock, code: codeVersion(), startedAt, process: figures,
        read: () => statesOf(ingest.status(), host, ended.signal.aborted), onProblem: (problem) => log.debug({ problem }, 'state not told'),
      }, ended.signal));
      const beating = beat({ config, log, clock, host, registry, owns: readBy(ingest.status) }, ended.signal);
      try {
        await ingest.run(drain);
      } finally {
        ended.abort();
        await Promise.all([refreshing, beating, ...telling]);
      }
    },
    close: () => ingest.close(),
  };
}

/** Whether a partition is read by this process. */
function readBy(status: () => IngestStatus): (partition: TopicPartition) => boolean {
  return ({ topic, partition }) => status().regions[0]?.partitions.some((read) => read.topic === topic && read.partition === partition) === true;
}

function statesOf({ regions }: IngestStatus, host: string, ended: boolean): ToldState[] {
  return regions.map(({ region, state, lastError }) => ({
    lane: INGEST_TO + region, host, state: ended ? 'stopped' : state, reason: ended || state === 'joined' ? null : lastError,
  }));
}

function ingestHealth(status: () => IngestStatus): HealthPart {
  return {
    name: 'ingest',
    status,
    progress: () => progressOf(status()),
    notReady: () => reasonsOf(status()),
  };
}

/** What regions have acknowledged is the progress. A region that is cut loose waits for its Kafka: a restart would not help it. */
function progressOf({ regions }: IngestStatus): { count: number; hasWork: boolean } {
  const fed = regions.filter((region) => region.state !== 'cut');
  return {
    count: fed.reduce((sum, region) => sum + region.partitions.reduce((inner, partition) => inner + partition.settled, 0), 0),
    hasWork: fed.some((region) => region.lagRecords > 0),
  };
}

function reasonsOf({ regions, source }: IngestStatus): string[] {
  return [
    ...(source.connected ? [] : [`not connected to the source${source.lastError === null ? '' : `: ${source.lastError}`}`]),
    ...(regions.some((region) => region.state === 'joined') ? [] : ['no region takes documents']),
  ];
}
