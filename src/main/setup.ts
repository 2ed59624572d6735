import type { Logger } from 'pino';
import { systemClock } from '../adapters/system-clock.ts';
import type { Config } from '../config/schema.ts';
import { setup, type SetupReport } from '../setup/setup.ts';
import { openRegionLog, openRegionSearch, openSource } from './connections.ts';
import { pipelinesOf } from './configured.ts';

/** Makes topics, templates, aliases and indices exist in every cluster of the configuration; closes what it opened. */
export async function runSetup(config: Config, log: Logger): Promise<SetupReport> {
  const source = openSource(config, log).admin();
  const regions = new Map(Object.keys(config.regions).map((name) => [name, { log: openRegionLog(config, name, log).admin(), search: openRegionSearch(config, name) }]));
  const { prefix, topics, indices } = config;
  try {
    return await setup({ prefix, pipelines: pipelinesOf(config), topics, indices }, { source, regions, clock: systemClock });
  } finally {
    await Promise.allSettled([source.close(), ...[...regions.values()].flatMap((region) => [region.log.close(), region.search.close()])]);
  }
}
