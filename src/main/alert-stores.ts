import type { Config } from '../config/schema.ts';
import { AlertStore } from '../monitor/alerts/store.ts';
import type { Clock } from '../ports/clock.ts';
import type { SearchCluster } from '../ports/search-index.ts';
import { createIndexKeeper, type IndexKeeper } from '../setup/ensure-indices.ts';
import { openRegionSearch } from './connections.ts';

const TIMEOUT_MS = 4_000;

/** The alert index of every region, and what it is reached by. */
export interface AlertStores {
  readonly stores: ReadonlyMap<string, AlertStore>;
  readonly searches: ReadonlyMap<string, SearchCluster>;
  readonly keepers: ReadonlyMap<string, IndexKeeper>;
  close(): Promise<void>;
}

/** Opens the alert index of every region; nothing is sent before the first use. */
export function openAlertStores(config: Config, clock: Clock): AlertStores {
  const searches = new Map(Object.keys(config.regions).map((region) => [region, openRegionSearch(config, region)]));
  const keepers = new Map([...searches].map(([region, search]) => [region, createIndexKeeper(search)]));
  const stores = new Map([...searches].map(([region, search]) => [region, new AlertStore({
    region, search, prefix: config.prefix, timeoutMs: TIMEOUT_MS, clock, ensure: async (names) => keepers.get(region)?.ensure(names),
  })]));
  return { stores, searches, keepers, close: async () => void (await Promise.allSettled([...searches.values()].map((search) => search.close()))) };
}
