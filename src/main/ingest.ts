import type { Config } from '../config/schema.ts';
import { createIngest } from '../ingest/ingest.ts';
import type { IngestStatus } from '../ingest/status.ts';
import { loadLookups } from '../lookups/lookups.ts';
import type { HealthPart } from '../observability/health.ts';
import { createRegistry } from '../observability/metrics.ts';
import { openRegionLog, openSource } from './connections.ts';
import { pipelinesOf } from './configured.ts';
import { runService, type Component, type ServiceContext } from './service.ts';

/** Name of the source cluster in failure documents. */
const SOURCE_CLUSTER = 'source';
const HOUR_MS = 3_600_000;

/** Runs ingest in this process until a signal; resolves with the exit code. */
export async function runIngest(config: Config): Promise<number> {
  return runService(config, { name: 'ingest', drainTimeoutMs: config.ingest.drainTimeoutMs, build: async (context) => [await ingestComponent(context)] });
}

async function ingestComponent({ config, clock, log, host, labels }: ServiceContext): Promise<Component> {
  const registry = createRegistry(labels);
  const { lookups, run: refresh } = await loadLookups({ settings: config.reference, clock, log, registry });
  const ingest = createIngest({
    clock, log, registry, host, lookups,
    source: openSource(config, log),
    regions: new Map(Object.keys(config.regions).map((region) => [region, openRegionLog(config, region, log)])),
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
      try {
        await ingest.run(drain);
      } finally {
        ended.abort();
        await refreshing;
      }
    },
    close: () => ingest.close(),
  };
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
