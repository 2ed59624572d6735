import type { Logger } from 'pino';
import type { Config } from '../config/schema.ts';
import type { Lane } from '../domain/lane.ts';
import { readStates } from '../monitor/state-notes.ts';
import { LoadNotes } from '../policy/load-notes.ts';
import { effectiveRate, type RatePolicy, type RateValues } from '../policy/rate-policy.ts';
import type { Clock } from '../ports/clock.ts';
import type { RecordLog } from '../ports/record-log.ts';
import type { SearchAdmin } from '../ports/search-index.ts';
import { shareOf } from '../rate/caps.ts';
import { guardSearch } from '../rate/guard-search.ts';
import { rateControlOf, type RateControl } from '../rate/rate-control.ts';
import { SearchGuard } from '../rate/search-guard.ts';
import { stateTopicOf } from '../setup/ensure-topics.ts';
import { followRate } from './follow-rate.ts';

/** Longest wait for what was learned before, ms. */
const REMEMBER_MS = 3_000;

/** What decides how fast a lane sends, and what must run beside it. */
export interface LaneRate {
  readonly control: RateControl;
  /** Follows the policies and guards the searches until the signal fires. */
  run(signal: AbortSignal): Promise<void>;
}

export interface LaneRateOptions {
  readonly config: Config;
  readonly lane: Lane;
  readonly source: RecordLog;
  readonly destination: SearchAdmin;
  readonly clock: Clock;
  readonly log: Logger;
}

/** The rate of one lane: its destination's caps as configured and as set while it runs, less what loads take of them; the search guard; and what the lane learned. */
export async function openLaneRate(options: LaneRateOptions): Promise<LaneRate> {
  const { config, lane, source, destination, clock, log } = options;
  const configured = regionRate(config, lane.destination);
  const control = rateControlOf(config.processor, { clock, lanes: Object.keys(config.regions).length, learned: await learned(options) });
  const guard = new SearchGuard({ factor: configured.searchFactor, baselineMs: configured.searchBaselineMs, tail: configured.searchTail });
  const loads = new LoadNotes(lane.destination, clock);
  let rate: RateValues | null = null;
  const share = (): void => { if (rate !== null) control.cap(shareOf(rate, loads.left, 1)); };
  const apply = (policy: RatePolicy | null): void => {
    rate = effectiveRate(policy, configured);
    share();
    guard.factor = rate.searchFactor ?? 0;
    control.guard(guard.limit);
    if (policy !== null) log.info({ ...rate, by: policy.by }, 'rate set');
  };
  return {
    control,
    run: async (signal) => {
      const onProblem = (problem: string): void => log.debug({ problem }, 'searches not read');
      await Promise.all([
        followRate({ source, prefix: config.prefix, destination: lane.destination, clock, log, loads, onRate: apply, onLoads: share }, signal),
        guardSearch({ cluster: destination, clock, guard, control, intervalMs: config.processor.guardIntervalMs, onProblem }, signal),
      ]);
    },
  };
}

export function regionRate(config: Config, region: string): Config['regions'][string]['rate'] {
  return (config.regions[region] as Config['regions'][string]).rate;
}

/** The window that a process of this lane told last; null where none did, or where that cannot be read in time. */
async function learned({ config, lane, source, clock, log }: LaneRateOptions): Promise<number | null> {
  const reading = readStates(source, stateTopicOf(config.prefix)).catch((error: unknown) => {
    log.debug({ err: error }, 'what was learned before is not known');
    return [];
  });
  const notes = await Promise.race([reading, clock.sleep(REMEMBER_MS).then(() => [])]);
  const latest = notes.filter((note) => note.lane === lane.name).sort((a, b) => b.at - a.at)[0];
  return latest?.window ?? null;
}
