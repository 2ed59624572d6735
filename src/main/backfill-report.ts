import type { Logger } from 'pino';
import { systemClock } from '../adapters/system-clock.ts';
import { keepReport } from '../backfill/keep-report.ts';
import { reportOn, type CycleReport } from '../backfill/report.ts';
import type { Config } from '../config/schema.ts';
import { SluiceError } from '../domain/errors.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import type { SearchAdmin } from '../ports/search-index.ts';
import { cycleKeys, withRegions } from './backfill.ts';
import { codeVersion } from './code-version.ts';

/** What is known of a cycle now, from the object store and every region; null where the store has no such cycle. */
export async function reportOfCycle(config: Config, cycle: string, store: ObjectStore, regions: ReadonlyMap<string, SearchAdmin>): Promise<CycleReport | null> {
  return await reportOn({ store, keys: cycleKeys(config, cycle), prefix: config.prefix, regions, now: systemClock.now() });
}

/** Writes a cycle's report into the backfill index of every region. A region that does not take it is told in the log: the next report comes. */
export async function tellReport(config: Config, cycle: string, store: ObjectStore, log: Logger): Promise<void> {
  const origin = { role: 'backfill' as const, code: codeVersion(), host_group: config.host.group, cycle };
  await withRegions(config, Object.keys(config.regions), async (regions) => {
    const report = await reportOfCycle(config, cycle, store, regions);
    if (report === null) return;
    await Promise.all([...regions].map(async ([region, cluster]) => {
      try {
        await keepReport(report, cluster, { prefix: config.prefix, indices: config.indices, origin });
      } catch (error) {
        if (!(error instanceof SluiceError)) throw error;
        log.warn({ err: error, region }, 'the report of the cycle could not be written');
      }
    }));
  });
}
