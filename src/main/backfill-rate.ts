import type { Logger } from 'pino';
import { systemClock } from '../adapters/system-clock.ts';
import { BackfillRate } from '../backfill/backfill-rate.ts';
import type { Config } from '../config/schema.ts';
import { backfillLane } from '../domain/lane.ts';
import type { SearchAdmin } from '../ports/search-index.ts';
import { openRegionLog } from './connections.ts';
import { openLaneRate, type LaneRate } from './lane-rate.ts';

/** Operations in flight at first: a load begins gently. */
const FIRST_WINDOW = 1_000;

/** The rate of a load into one region: that region's own Kafka says what was set while it runs. */
export async function openBackfillRate(config: Config, region: string, destination: SearchAdmin, share: number, log: Logger): Promise<LaneRate> {
  const { batchOperations, batchBytes, inFlight, targetLatencyMs } = config.processor;
  const most = { operations: batchOperations, bytes: batchBytes, inFlight };
  const control = new BackfillRate({ clock: systemClock, most, start: FIRST_WINDOW, targetMs: targetLatencyMs }, share);
  return await openLaneRate({ config, lane: backfillLane(region), source: openRegionLog(config, region, log), destination, clock: systemClock, log, control });
}
