import { pino } from 'pino';
import type { Config } from '../src/config/schema.ts';
import { openRegionLog } from '../src/main/connections.ts';
import type { RateValues } from '../src/policy/rate-policy.ts';
import { writeRate } from '../src/policy/rates.ts';
import { REGION } from './lane-ground.ts';

/** Sets the rate of the region that lane benches run in, while lanes run. */
export async function setRate(config: Config, rate: RateValues): Promise<void> {
  const log = openRegionLog(config, REGION, pino({ level: 'silent' }));
  const [written] = await writeRate(new Map([[REGION, log]]), config.prefix, REGION, { ...rate, at: Date.now(), by: 'bench' });
  if (written?.problem != null) throw new Error(`the rate was not set: ${written.problem}`);
}
