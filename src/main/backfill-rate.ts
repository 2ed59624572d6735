import type { Logger } from 'pino';
import { systemClock } from '../adapters/system-clock.ts';
import { BackfillRate } from '../backfill/backfill-rate.ts';
import { GiveWay } from '../backfill/give-way.ts';
import { HeldBack } from '../backfill/held-back.ts';
import { HeldShare } from '../backfill/held-share.ts';
import { LoadTelling } from '../backfill/load-telling.ts';
import type { Config } from '../config/schema.ts';
import { lanesBetween } from '../domain/lane.ts';
import { loadKey, LoadNotes } from '../policy/load-notes.ts';
import { policyTopicOf } from '../policy/policy-topic.ts';
import { effectiveRate, type RatePolicy } from '../policy/rate-policy.ts';
import type { SearchAdmin } from '../ports/search-index.ts';
import { guardSearch } from '../rate/guard-search.ts';
import { SearchGuard } from '../rate/search-guard.ts';
import { openRegionLog } from './connections.ts';
import { followRate } from './follow-rate.ts';
import { regionRate, type LaneRate } from './lane-rate.ts';
import { openLiveLags } from './live-lags.ts';

/** Operations in flight at first: a load begins gently. */
const FIRST_WINDOW = 1_000;

export interface BackfillRateOptions {
  readonly config: Config;
  readonly region: string;
  readonly destination: SearchAdmin;
  /** Of the caps, for all loads into the region together. */
  readonly share: number;
  /** Names this load among those into the region. */
  readonly loader: string;
  readonly log: Logger;
}

export interface LoadRate extends LaneRate {
  /** What the load was held back by, and for how long. */
  readonly heldBack: HeldBack;
}

/** The rate of a load into one region: the lanes leave it a share of the caps, and it gives way to them and to the searches. */
export function openBackfillRate({ config, region, destination, share, loader, log }: BackfillRateOptions): LoadRate {
  const { batchOperations, batchBytes, inFlight, targetLatencyMs } = config.processor;
  const clock = systemClock;
  const configured = regionRate(config, region);
  const control = new BackfillRate({ clock, most: { operations: batchOperations, bytes: batchBytes, inFlight }, start: FIRST_WINDOW, targetMs: targetLatencyMs });
  const guard = new SearchGuard({ factor: halfOf(configured.searchFactor), baselineMs: configured.searchBaselineMs, tail: configured.searchTail });
  const loads = new LoadNotes(region, clock);
  const heldBack = new HeldBack();
  const onRate = (policy: RatePolicy | null): void => {
    const rate = effectiveRate(policy, configured);
    control.cap(rate);
    guard.factor = halfOf(rate.searchFactor);
    control.guard(guard.limit);
  };
  return {
    control, heldBack,
    run: async (signal) => {
      const onProblem = (problem: string): void => log.debug({ problem, region }, 'what a load gives way to is not known');
      const lags = openLiveLags(config, lanesBetween(Object.keys(config.regions)).filter((lane) => lane.destination === region), clock, log);
      const logs = Object.keys(config.regions).map((name) => openRegionLog(config, name, log));
      const telling = new LoadTelling({
        logs, topic: policyTopicOf(config.prefix), key: loadKey(region, loader), clock, control, guard, loads, onProblem,
        giveWay: new GiveWay({ share, lagSeconds: config.backfill.yieldLagSeconds }), held: new HeldShare(), heldBack, lagSeconds: () => lags.seconds(),
      });
      try {
        await Promise.all([
          followRate({ source: openRegionLog(config, region, log), prefix: config.prefix, destination: region, clock, log, loads, onRate, onLoads: () => undefined }, signal),
          guardSearch({ cluster: destination, clock, guard, control, intervalMs: config.processor.guardIntervalMs, onProblem }, signal),
          telling.run(signal),
        ]);
      } finally {
        await lags.close();
      }
    },
  };
}

/** A load gives way at half of the slowdown that the lanes may cause: they are not slowed on its account. */
function halfOf(factor: number | null): number {
  return factor === null || factor === 0 ? 0 : 1 + (factor - 1) / 2;
}
