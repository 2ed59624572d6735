import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/adapters/system-clock.ts';
import { NO_CAPS } from '../../src/rate/caps.ts';
import { rateControlOf } from '../../src/rate/rate-control.ts';
import { FAST, produce, record, startLane, THINGS_INDEX, THINGS_TOPIC, thingsLog } from '../support/lane.ts';
import type { MemoryLog } from '../support/memory-log.ts';
import { ITEM_QUEUE_FULL, MemorySearch } from '../support/memory-search.ts';
import { until } from '../support/until.ts';

async function committed(log: MemoryLog): Promise<number> {
  return (await log.admin().committed('sluice.west-west', [THINGS_TOPIC])).reduce((sum, position) => sum + position.offset, 0);
}

describe('a lane under a cap', () => {
  it('sends nothing while it is paused, and everything afterwards', async () => {
    const [log, search] = [thingsLog(), new MemorySearch()];
    const rate = rateControlOf(FAST, { clock: systemClock, lanes: 1, learned: null });
    rate.cap({ documentsPerSecond: 0, bytesPerSecond: null });
    await produce(log, Array.from({ length: 50 }, (_, at) => record(`id-${at}`, 1)));
    const lane = startLane(log, search, { rate });
    await until(() => expect(rate.status().waiting).toBeGreaterThan(0));
    expect(search.indices.get(THINGS_INDEX)?.documents.size ?? 0).toBe(0);
    rate.cap(NO_CAPS);
    await until(async () => expect(await committed(log)).toBe(50));
    await lane.stop();
  });

  it('shares it by the partitions that it owns', async () => {
    const [log, search] = [thingsLog(4), new MemorySearch()];
    const rates = [0, 1].map(() => rateControlOf(FAST, { clock: systemClock, lanes: 2, learned: null }));
    for (const rate of rates) rate.cap({ documentsPerSecond: 8_000, bytesPerSecond: null });
    const lanes = rates.map((rate, at) => startLane(log, search, { rate, host: `host-${at}` }));
    // 8 partitions of two topics in this lane, as many in the other one, which is not here: half of the cap is not ours.
    await until(() => expect(rates.map((rate) => rate.status().share.documentsPerSecond).reduce((sum: number, share) => sum + (share ?? 0), 0)).toBe(4_000));
    expect(rates.every((rate) => (rate.status().share.documentsPerSecond ?? 0) > 0)).toBe(true);
    await Promise.all(lanes.map((lane) => lane.stop()));
  });

  it('puts less in flight when operations are refused inside a 200', async () => {
    const search = new MemorySearch();
    const log = thingsLog();
    const rate = rateControlOf({ ...FAST, batchOperations: 1_000 }, { clock: systemClock, lanes: 1, learned: 3_000 });
    rate.cap(NO_CAPS);
    search.inject(ITEM_QUEUE_FULL);
    await produce(log, Array.from({ length: 20 }, (_, at) => record(`id-${at}`, 1)));
    const lane = startLane(log, search, { rate });
    await until(async () => expect(await committed(log)).toBe(20));
    await lane.stop();
    expect(rate.status().window).toBeLessThan(3_000);
  });
});
