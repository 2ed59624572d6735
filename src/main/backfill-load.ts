import { randomBytes, randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import { systemClock } from '../adapters/system-clock.ts';
import { cycleKeys } from './backfill.ts';
import { caseNamed, pipelineOfCase } from './cases.ts';
import { regionLoad, sharedBlocks, type LaneParts, type LoadParts, type RegionLoad } from '../backfill/load.ts';
import type { HeldBack } from '../backfill/held-back.ts';
import { readManifest } from '../backfill/manifest.ts';
import { planDigest, readPlan } from '../backfill/plan.ts';
import type { Config } from '../config/schema.ts';
import { SluiceError, messageOf } from '../domain/errors.ts';
import type { AnyPipeline } from '../domain/pipeline.ts';
import { loadLookups } from '../lookups/lookups.ts';
import { createRegistry } from '../observability/metrics.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import type { SearchCluster } from '../ports/search-index.ts';
import { createIndexKeeper } from '../setup/ensure-indices.ts';
import { ensureTemplates } from '../setup/ensure-templates.ts';
import { templatesOf } from '../setup/setup.ts';
import { openBackfillRate } from './backfill-rate.ts';
import { codeVersion } from './code-version.ts';
import { hostOf } from './configured.ts';
import type { LaneRate } from './lane-rate.ts';

export interface OpenLoad {
  readonly loads: readonly RegionLoad[];
  readonly parts: LoadParts;
  /** Follows what is set while it runs, and guards the searches, until the signal fires. */
  runRates(signal: AbortSignal): Promise<void>;
  /** What the load into each region is held back by. */
  readonly heldBack: ReadonlyMap<string, HeldBack>;
  /** Regions that could not be begun, with the reason. */
  readonly refused: ReadonlyMap<string, string>;
}

export interface OpenCycle { readonly parts: LoadParts; readonly pipeline: AnyPipeline }

/** A cycle whose extract is finished, and what is needed to make documents of its rows. Rejects with USAGE where there is no finished extract of its plan. */
export async function openCycle(config: Config, cycle: string, store: ObjectStore, log: Logger): Promise<OpenCycle> {
  const keys = cycleKeys(config, cycle);
  const [plan, manifest] = [await readPlan(store, keys, cycle), await readManifest(store, keys, cycle)];
  if (manifest.plan !== planDigest(plan)) throw new SluiceError('INPUT_INVALID', `the extract of ${cycle} was made by another plan: plan and extract anew`);
  const one = caseNamed(plan.case);
  const { lookups } = await loadLookups({ settings: config.reference, clock: systemClock, log, registry: createRegistry({}) });
  const parts: LoadParts = {
    plan, manifest, case: one, store, keys, lookups, settings: config.backfill, worker: `${hostOf(config)}-${randomBytes(3).toString('hex')}`,
    maxRecordBytes: config.processor.maxDocumentBytes, enrichTimeoutMs: config.ingest.enrichTimeoutMs,
  };
  return { parts, pipeline: pipelineOfCase(config, one) };
}

/** Everything a load is made of; `share` of the regions' caps is for all processes that load into them. Rejects as `openCycle` does. */
export async function openLoad(config: Config, cycle: string, store: ObjectStore, regions: ReadonlyMap<string, SearchCluster>, share: number, log: Logger): Promise<OpenLoad> {
  const { parts, pipeline } = await openCycle(config, cycle, store, log);
  const refused = await mappingFirst(config, pipeline, regions);
  const ready = [...regions].filter(([region]) => !refused.has(region));
  const rates = new Map(ready.map(([region, destination]) => [region, openBackfillRate({ config, region, destination, share, loader: parts.worker, log })]));
  const begun = ready.map(([region, cluster]) => [region, laneParts(config, cycle, pipeline, region, cluster, rates, log)] as const);
  const runRates = async (signal: AbortSignal): Promise<void> => void (await Promise.all([...rates.values()].map((rate) => rate.run(signal))));
  const heldBack = new Map([...rates].map(([region, rate]) => [region, rate.heldBack]));
  const [first] = begun;
  if (first === undefined) return { loads: [], parts, refused, heldBack, runRates };
  const blocks = sharedBlocks(parts, first[1]);
  return { loads: begun.map(([region, lane]) => regionLoad(region, parts, lane, blocks)), parts, refused, heldBack, runRates };
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

function laneParts(config: Config, cycle: string, pipeline: AnyPipeline, region: string, destination: SearchCluster, rates: ReadonlyMap<string, LaneRate>, log: Logger): LaneParts {
  const rate = rates.get(region);
  if (rate === undefined) throw new SluiceError('BUG', `${region} has no rate`);
  return {
    rate: rate.control, destination, clock: systemClock,
    indices: createIndexKeeper(destination),
    pipelines: [pipeline],
    settings: config.processor,
    prefix: config.prefix,
    origin: { role: 'backfill', code: codeVersion(), host_group: config.host.group, cycle },
    host: hostOf(config), hostGroup: config.host.group,
    random: Math.random, newId: randomUUID,
    log: log.child({ lane: `backfill-${region}` }),
    registry: createRegistry({ lane: `backfill-${region}` }),
  };
}
