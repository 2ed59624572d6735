import type { Logger } from 'pino';
import { systemClock } from '../adapters/system-clock.ts';
import type { Config } from '../config/schema.ts';
import type { SearchAdmin } from '../ports/search-index.ts';
import { BorrowedRate } from '../rate/borrowed-rate.ts';
import { openBackfillRate } from './backfill-rate.ts';

/** The rate of what writes into regions now and then, beside the lanes: it counts as a load; `loader` names it among those. */
export function openBorrowedRate(config: Config, destinations: ReadonlyMap<string, SearchAdmin>, loader: string, log: Logger): BorrowedRate {
  return new BorrowedRate({
    regions: [...destinations.keys()], clock: systemClock,
    open: (region) => openBackfillRate({ config, region, destination: destinations.get(region) as SearchAdmin, share: config.backfill.share, loader, log }),
  });
}
