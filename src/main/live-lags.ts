import type { Logger } from 'pino';
import { LiveLag } from '../backfill/live-lag.ts';
import type { Config } from '../config/schema.ts';
import { lagBetween } from '../control/lag.ts';
import { SluiceError, messageOf } from '../domain/errors.ts';
import type { Lane } from '../domain/lane.ts';
import { regionalTopicOf } from '../domain/pipeline.ts';
import type { Clock } from '../ports/clock.ts';
import { openRegionLog } from './connections.ts';

export interface LiveLags {
  /** How long the slowest of the lanes needs for what waits for it, seconds; null where none of them moves anything. Lanes whose Kafka does not answer count as such. */
  seconds(): Promise<number | null>;
  close(): Promise<void>;
}

/** Asks Kafka again and again how far these lanes are behind. */
export function openLiveLags(config: Config, lanes: readonly Lane[], clock: Clock, log: Logger): LiveLags {
  const topics = config.pipelines.map((pipeline) => regionalTopicOf(config.prefix, pipeline));
  const meters = lanes.map((lane) => ({ admin: openRegionLog(config, lane.source, log).admin(), group: `${config.prefix}sluice.${lane.name}`, lag: new LiveLag() }));
  const secondsOf = async ({ admin, group, lag }: (typeof meters)[number]): Promise<number | null> => {
    try {
      const [ranges, committed] = await Promise.all([admin.ranges(topics), admin.committed(group, topics)]);
      return lag.observe({ ends: ranges.reduce((sum, { latest }) => sum + latest, 0), lag: lagBetween(ranges, committed), at: clock.monotonic() });
    } catch (error) {
      if (!(error instanceof SluiceError)) throw error;
      log.debug({ group, problem: messageOf(error) }, 'lag not known');
      return null;
    }
  };
  return {
    seconds: async () => {
      const all = (await Promise.all(meters.map(secondsOf))).filter((seconds) => seconds !== null);
      return all.length === 0 ? null : Math.max(...all);
    },
    close: async () => void (await Promise.allSettled(meters.map(({ admin }) => admin.close()))),
  };
}
