import { pino } from 'pino';
import { Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { LaneReport } from '../../src/indexing/lane-report.ts';
import { ManualClock } from '../support/manual-clock.ts';

const behind = (records: number) => [{ topic: 'documents.things', partition: 0, records, end: records }];

describe('the lag of a lane in seconds', () => {
  it('rises from the first look while nothing was ever settled, and is 0 when nothing is left', async () => {
    const clock = new ManualClock();
    const registry = new Registry();
    const report = new LaneReport(registry, pino({ level: 'silent' }), clock);
    const lagSeconds = async () => (await registry.getSingleMetric('sluice_lane_lag_seconds')?.get())?.values[0]?.value;
    report.lagging(behind(7));
    await clock.advance(90_000);
    report.lagging(behind(9));
    expect(await lagSeconds()).toBe(90);
    report.lagging(behind(0));
    expect(await lagSeconds()).toBe(0);
  });
});
