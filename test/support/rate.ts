import { systemClock } from '../../src/adapters/system-clock.ts';
import type { Clock } from '../../src/ports/clock.ts';
import { NO_CAPS } from '../../src/rate/caps.ts';
import { rateControlOf, type RateControl, type RateSettings } from '../../src/rate/rate-control.ts';

/** A lane's rate without caps, its window as wide as it can be. */
export function freeRate(settings: RateSettings, clock: Clock = systemClock): RateControl {
  const control = rateControlOf(settings, { clock, lanes: 1, learned: settings.batchOperations * settings.inFlight });
  control.cap(NO_CAPS);
  return control;
}
