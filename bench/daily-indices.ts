import type { Config } from '../src/config/schema.ts';
import { indexNamesBetween } from '../src/domain/index-name.ts';
import { openRegionSearch } from '../src/main/connections.ts';
import { createIndexKeeper } from '../src/setup/ensure-indices.ts';
import { BENCH_PIPELINE } from './events.ts';

/** Names of the daily indices from one time to another, epoch ms, both included. */
export function dailyIndices(config: Config, from: number, to: number): string[] {
  return indexNamesBetween(`${config.prefix}${BENCH_PIPELINE}`, 'day', from, to);
}

/**
 * Creates the daily indices of such a span in every region, as `indices.ahead` does with those of the
 * days to come: a generated story would otherwise want a new one every half minute.
 */
export async function makeDailyIndices(config: Config, from: number, to: number): Promise<void> {
  const names = dailyIndices(config, from, to);
  for (const region of Object.keys(config.regions)) {
    const search = openRegionSearch(config, region);
    await createIndexKeeper(search).ensure(names);
    await search.close();
  }
}
