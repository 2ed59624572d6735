import { randomBytes, randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import { systemClock } from '../adapters/system-clock.ts';
import { cycleKeys, caseNamed, pipelineOfCase } from './backfill.ts';
import { regionLoad, sharedBlocks, type LaneParts, type LoadParts, type RegionLoad } from '../backfill/load.ts';
import { readManifest } from '../backfill/manifest.ts';
import { planDigest, readPlan } from '../backfill/plan.ts';
import type { Config } from '../config/schema.ts';
import { SluiceError, messageOf } from '../domain/errors.ts';
import type { AnyPipeline } from '../domain/pipeline.ts';
import { loadLookups } from '../lookups/lookups.ts';
import { createRegistry } from '../observability/metrics.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import type { SearchCluster } from '../ports/search-index.ts';
import { NO_CAPS } from '../rate/caps.ts';
import { rateControlOf, type RateControl } from '../rate/rate-control.ts';
import { createIndexKeeper } from '../setup/ensure-indices.ts';
import { ensureTemplates } from '../setup/ensure-templates.ts';
import { templatesOf } from '../setup/setup.ts';
import { codeVersion } from './code-version.ts';
import { hostOf } from './configured.ts';

export interface OpenLoad {
  readonly loads: readonly RegionLoad[];
  readonly parts: LoadParts;
  /** Regions that could not be begun, with the reason. */
  readonly refused: ReadonlyMap<string, string>;
}

/** Everything a load is made of. Rejects with USAGE where the cycle has no finished extract of its plan. */
export async function openLoad(config: Config, cycle: string, store: ObjectStore, regions: ReadonlyMap<string, SearchCluster>, log: Logger): Promise<OpenLoad> {
  const keys = cycleKeys(config, cycle);
  const [plan, manifest] = [await readPlan(store, keys, cycle), await readManifest(store, keys, cycle)];
  if (manifest.plan !== planDigest(plan)) throw new SluiceError('INPUT_INVALID', `the extract of ${cycle} was made by another plan: plan and extract anew`);
  const one = caseNamed(plan.case);
  const pipeline = pipelineOfCase(config, one);
  const { lookups } = await loadLookups({ settings: config.reference, clock: systemClock, log, registry: createRegistry({}) });
  const parts: LoadParts = {
    plan, manifest, case: one, store, keys, lookups, settings: config.backfill, worker: `${hostOf(config)}-${randomBytes(3).toString('hex')}`,
    maxRecordBytes: config.processor.maxDocumentBytes, enrichTimeoutMs: config.ingest.enrichTimeoutMs,
  };
  const refused = await mappingFirst(config, pipeline, regions);
  const begun = [...regions].filter(([region]) => !refused.has(region)).map(([region, cluster]) => [region, laneParts(config, cycle, pipeline, region, cluster, log)] as const);
  const [first] = begun;
  if (first === undefined) return { loads: [], parts, refused };
  const blocks = sharedBlocks(parts, first[1]);
  return { loads: begun.map(([region, lane]) => regionLoad(region, parts, lane, blocks)), parts, refused };
}

/** Templates, aliases and new fields come before any document; a region where that fails is left out, the others go on. */
async function mappingFirst(config: Config, pipeline: AnyPipeline, regions: ReadonlyMap<string, SearchCluster>): Promise<Map<string, string>> {
  const templates = await templatesOf({ prefix: config.prefix, pipelines: [pipeline], indices: config.indices });
  const refused = new Map<string, string>();
  for (const [region, cluster] of regions) {
    try {
      await ensureTemplates(cluster, templates);
    } catch (error) {
      if (!(error instanceof SluiceError)) throw error;
      refused.set(region, messageOf(error));
    }
  }
  return refused;
}

/** The window adapts as a lane's does; caps and the search guard of the live lanes are not shared yet. */
function backfillRate(config: Config): RateControl {
  const rate = rateControlOf(config.processor, { clock: systemClock, lanes: 1, learned: null });
  rate.cap(NO_CAPS);
  return rate;
}

function laneParts(config: Config, cycle: string, pipeline: AnyPipeline, region: string, destination: SearchCluster, log: Logger): LaneParts {
  return {
    destination, clock: systemClock,
    indices: createIndexKeeper(destination),
    pipelines: [pipeline],
    settings: config.processor, rate: backfillRate(config),
    prefix: config.prefix,
    origin: { role: 'backfill', code: codeVersion(), host_group: config.host.group, cycle },
    host: hostOf(config), hostGroup: config.host.group,
    random: Math.random, newId: randomUUID,
    log: log.child({ lane: `backfill-${region}` }),
    registry: createRegistry({ lane: `backfill-${region}` }),
  };
}
