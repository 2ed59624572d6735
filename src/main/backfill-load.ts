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
import { extractLifeMs } from '../domain/replay-horizon.ts';
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

const HOUR_MS = 3_600_000;

/** The load of one region, and what holds it back. */
export interface HeldLoad extends RegionLoad { readonly heldBack: HeldBack }

export interface OpenLoad {
  readonly loads: readonly HeldLoad[];
  readonly parts: LoadParts;
  /** Follows what is set while it runs, and guards the searches, until the signal fires. */
  runRates(signal: AbortSignal): Promise<void>;
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

/** Throws USAGE where what an extract holds may have been removed since, and the tombstones that would say so purged. */
export function refuseOld(cycle: string, ageMs: number, retentionHours: number): void {
  if (ageMs <= extractLifeMs(retentionHours)) return;
  const [age, life] = [ageMs, extractLifeMs(retentionHours)].map((ms) => Math.round(ms / HOUR_MS));
  throw new SluiceError('USAGE', `the extract of ${cycle} is ${age} hours old: after ${life} (three quarters of topics.retentionHours) it may bring back what was removed since. Plan and extract anew.`);
}

/** Everything a load is made of; `share` of the regions' caps is for all processes that load into them. Rejects as `openCycle` does. */
export async function openLoad(config: Config, cycle: string, store: ObjectStore, regions: ReadonlyMap<string, SearchCluster>, share: number, log: Logger): Promise<OpenLoad> {
  const { parts, pipeline } = await openCycle(config, cycle, store, log);
  refuseOld(cycle, systemClock.now() - Date.parse(parts.manifest.extractedAt), config.topics.retentionHours);
  const refused = await mappingFirst(config, pipeline, regions);
  const ready = [...regions].filter(([region]) => !refused.has(region));
  const begun = ready.map(([region, destination]) => {
    const rate = openBackfillRate({ config, region, destination, share, loader: parts.worker, log });
    return { region, rate, lane: laneParts(config, cycle, pipeline, region, destination, rate, log) };
  });
  const runRates = async (signal: AbortSignal): Promise<void> => void (await Promise.all(begun.map(({ rate }) => rate.run(signal))));
  const [first] = begun;
  if (first === undefined) return { loads: [], parts, refused, runRates };
  const blocks = sharedBlocks(parts, first.lane);
  return { loads: begun.map(({ region, rate, lane }) => ({ ...regionLoad(region, parts, lane, blocks), heldBack: rate.heldBack })), parts, refused, runRates };
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

function laneParts(config: Config, cycle: string, pipeline: AnyPipeline, region: string, destination: SearchCluster, rate: LaneRate, log: Logger): LaneParts {
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
