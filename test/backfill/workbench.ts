import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { afterAll } from 'vitest';
import { missedEvents } from '../../backfill/missed-events/case.ts';
import { soldItems } from '../../pipelines/sold-items/pipeline.ts';
import { openDuckDb } from '../../src/adapters/duckdb/open.ts';
import { systemClock } from '../../src/adapters/system-clock.ts';
import type { BackfillCase } from '../../src/backfill/case.ts';
import { extract, type ExtractParts } from '../../src/backfill/extract.ts';
import { keysOf, type CycleKeys } from '../../src/backfill/keys.ts';
import { regionLoad, sharedBlocks, type LaneParts, type LoadParts, type RegionLoad, type SharedBlocks } from '../../src/backfill/load.ts';
import { makePlan } from '../../src/backfill/make-plan.ts';
import type { Manifest } from '../../src/backfill/manifest.ts';
import type { Plan } from '../../src/backfill/plan.ts';
import { configSchema, type BackfillConfig, type ProcessorConfig } from '../../src/config/schema.ts';
import { loadLookups, OWN_REFERENCE } from '../../src/lookups/lookups.ts';
import type { Lookups } from '../../src/domain/pipeline.ts';
import type { ObjectStore } from '../../src/ports/object-store.ts';
import type { BulkSink } from '../../src/ports/search-index.ts';
import type { TableEngine } from '../../src/ports/table-engine.ts';
import { expectedGenerated } from '../../src/proof/expected-generated.ts';
import type { ExpectedDocument } from '../../src/proof/expected.ts';
import { localFiles, type WarehouseFiles } from '../../src/warehouse/files.ts';
import { seedWarehouse } from '../../src/warehouse/seed.ts';
import { FAST } from '../support/lane.ts';
import { freeRate } from '../support/rate.ts';

export const NEVER = new AbortController().signal;
/** Two days and a bit of a small shop. */
export const STORY = { count: 1_500, seed: 3, perDay: 200 };
export const DAYS = { from: '2026-11-02', to: '2026-11-03' };

/** Works with an SQL engine of the test's own. */
export async function withEngine<Result>(work: (engine: TableEngine, scratch: string) => Promise<Result>): Promise<Result> {
  const scratch = mkdtempSync(join(tmpdir(), 'sluice-test-'));
  const engine = await openDuckDb({ threads: 1, memoryLimit: '256MB', spillFolder: join(scratch, 'spill') });
  try {
    return await work(engine, scratch);
  } finally {
    engine.close();
    rmSync(scratch, { recursive: true });
  }
}

/** A seeded warehouse for a suite, removed after it: for `beforeAll`. */
export async function warehouse(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-test-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  await withEngine((engine) => seedWarehouse(engine, { ...STORY, reference: OWN_REFERENCE, target: join(folder, 'warehouse'), scratch: join(folder, 'seed') }, NEVER));
  return join(folder, 'warehouse');
}

export interface Prepared { readonly plan: Plan; readonly manifest: Manifest; readonly keys: CycleKeys }

export async function planned(store: ObjectStore, files: WarehouseFiles, options: { cycle?: string; case?: BackfillCase; where?: string; prefix?: string; days?: typeof DAYS } = {}): Promise<{ plan: Plan; keys: CycleKeys }> {
  const { cycle = 'cycle-1', where = null, prefix = '' } = options;
  const keys = keysOf('backfill/', cycle);
  const request = { cycle, case: options.case ?? missedEvents, pipeline: soldItems, ...(options.days ?? DAYS), where, prefix, plannedAt: Date.UTC(2026, 10, 9), code: 'test' };
  const { plan } = await makePlan(request, { store, keys, files, regions: new Map(), mapping: { version: 1, settings: {}, mappings: {} }, rowsPerSecond: 100 });
  return { plan, keys };
}

/** Plans and extracts a cycle; row groups are the smallest that DuckDB makes. */
export async function prepared(store: ObjectStore, folder: string, options: Parameters<typeof planned>[2] & { parts?: Partial<ExtractParts> } = {}): Promise<Prepared> {
  const files = localFiles(folder);
  const { plan, keys } = await planned(store, files, options);
  const manifest = await withEngine((engine, scratch) => extract(plan, options?.case ?? missedEvents, {
    store, keys, files, engine, scratch, clock: systemClock, rowGroupRows: 2_048, attempt: 'a1', ...options.parts,
  }, NEVER));
  return { plan, manifest, keys };
}

/** Quick to notice what others do; but nobody is taken for dead who only waits for the processor. */
const SETTINGS: BackfillConfig = { ...configSchema.shape.backfill.parse({}), leaseMs: 60_000, pollMs: 10 };

interface LoadOptions { readonly region?: string; readonly worker?: string; readonly case?: BackfillCase; readonly settings?: Partial<BackfillConfig>; readonly processor?: Partial<ProcessorConfig> }

/** The lookups that come with the project. */
export async function lookupsOf(): Promise<Lookups> {
  return (await loadLookups({ settings: configSchema.shape.reference.parse({}), clock: systemClock, log: pino({ level: 'silent' }), registry: new Registry() })).lookups;
}

async function partsOf(store: ObjectStore, { plan, manifest, keys }: Prepared, options: LoadOptions): Promise<LoadParts> {
  return { plan, manifest, keys, store, lookups: await lookupsOf(), worker: options.worker ?? 'worker-1', case: options.case ?? missedEvents, settings: { ...SETTINGS, ...options.settings }, maxRecordBytes: 1_000_000, enrichTimeoutMs: 1_000 };
}

/** The documents of an extract's row groups. */
export async function blocksOf(store: ObjectStore, made: Prepared, one: BackfillCase): Promise<SharedBlocks> {
  return sharedBlocks(await partsOf(store, made, { case: one }), { pipelines: [soldItems], prefix: '', host: 'host', clock: systemClock });
}

/** A load into one region in memory, as a process of its own would do it. */
export async function loadOf(store: ObjectStore, made: Prepared, search: BulkSink, options: LoadOptions = {}): Promise<RegionLoad> {
  const { region = 'west', worker = 'worker-1' } = options;
  const parts = await partsOf(store, made, options);
  const processor = { ...FAST, ...options.processor };
  const lane: LaneParts = {
    destination: search, clock: systemClock, log: pino({ level: 'silent' }), registry: new Registry(), pipelines: [soldItems], prefix: '', host: worker, hostGroup: 'default',
    indices: { ensure: async () => {}, forget: () => {} }, settings: processor, rate: freeRate(processor),
    origin: { role: 'backfill', code: 'test', host_group: 'default', cycle: made.plan.cycle }, random: () => 0.5, newId: randomUUID,
  };
  return regionLoad(region, parts, lane, sharedBlocks(parts, lane));
}

/** What the generator's story must have become on the planned days, worked out without the pipeline. */
export async function expectedDocuments(): Promise<Map<string, ExpectedDocument & { index: string }>> {
  const documents = new Map<string, ExpectedDocument & { index: string }>();
  const sold = (await expectedGenerated(OWN_REFERENCE, STORY)).documents.find(({ pipeline }) => pipeline === 'sold-items');
  for (const period of ['2026.11.02', '2026.11.03']) {
    for await (const document of sold?.documents(period) ?? []) documents.set(document.id, { ...document, index: `sold-items-${period}` });
  }
  return documents;
}
