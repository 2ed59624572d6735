import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isCycleId, keysOf, type CycleKeys } from '../backfill/keys.ts';
import type { Config } from '../config/schema.ts';
import { SluiceError } from '../domain/errors.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import type { SearchCluster } from '../ports/search-index.ts';
import type { TableEngine } from '../ports/table-engine.ts';
import { localFiles, storedFiles, type WarehouseFiles } from '../warehouse/files.ts';
import { openRegionSearch } from './connections.ts';
import { openObjectStore } from './object-store.ts';

export function cycleKeys(config: Config, cycle: string): CycleKeys {
  if (!isCycleId(cycle)) throw new SluiceError('USAGE', `"${cycle}" is no name of a cycle; sluice backfill list shows them`);
  return keysOf(config.backfill.prefix, cycle);
}

/** Where the warehouse's tables lie: a folder, or the object store. */
export function warehouseOf(config: Config, store: ObjectStore): WarehouseFiles {
  return config.warehouse.directory === undefined ? storedFiles(store, config.warehouse.prefix) : localFiles(config.warehouse.directory);
}

/** Works with the object store and closes it. */
export async function withStore<Result>(config: Config, work: (store: ObjectStore) => Promise<Result>): Promise<Result> {
  const store = openObjectStore(config);
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

/** Works with the Elasticsearch of these regions and closes them. */
export async function withRegions<Result>(config: Config, names: readonly string[], work: (regions: ReadonlyMap<string, SearchCluster>) => Promise<Result>): Promise<Result> {
  const regions = new Map(names.map((name) => [name, openRegionSearch(config, name)]));
  try {
    return await work(regions);
  } finally {
    await Promise.allSettled([...regions.values()].map((region) => region.close()));
  }
}

/** Works with a folder of its own, which vanishes afterwards. */
export async function withScratch<Result>(work: (scratch: string) => Promise<Result>): Promise<Result> {
  const scratch = await mkdtemp(join(tmpdir(), 'sluice-backfill-'));
  try {
    return await work(scratch);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** Works with an SQL engine and a folder of its own, which vanishes afterwards. */
export async function withEngine<Result>({ backfill }: Config, work: (engine: TableEngine, scratch: string) => Promise<Result>): Promise<Result> {
  return await withScratch(async (scratch) => {
    // A load needs no engine, and is spared its 30 MB.
    const { openDuckDb } = await import('../adapters/duckdb/open.ts');
    const engine = await openDuckDb({ threads: backfill.threads, memoryLimit: backfill.memoryLimit, spillFolder: join(scratch, 'spill') });
    try {
      return await work(engine, scratch);
    } finally {
      engine.close();
    }
  });
}
