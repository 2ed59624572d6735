import { pino } from 'pino';
import { Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { Heads } from '../../src/ingest/heads.ts';
import { LagMonitor } from '../../src/ingest/lag.ts';
import { createMetrics } from '../../src/ingest/metrics.ts';
import { RegionState } from '../../src/ingest/region-state.ts';
import { emit, memoryClusters, numbered, SOURCE_TOPIC } from '../support/ingest-harness.ts';
import { ManualClock } from '../support/manual-clock.ts';

describe('the lag of a region', () => {
  it('rises in seconds, too, for one that has not acknowledged anything yet', async () => {
    const { source } = memoryClusters({ partitions: 1 });
    await emit(source, numbered(5));
    const state = new RegionState(new Heads());
    state.assign({ topic: SOURCE_TOPIC, partition: 0, offset: 0, assignment: 1 });
    const clock = new ManualClock();
    const monitor = new LagMonitor({ admin: source.admin(), topics: [SOURCE_TOPIC], regions: new Map([['west', state]]), clock, log: pino({ level: 'silent' }), metrics: createMetrics(new Registry()) });
    await monitor.sample();
    expect(monitor.of(state)).toMatchObject([{ lag: 5, lagMs: 0 }]);
    await clock.advance(60_000);
    expect(monitor.of(state)).toMatchObject([{ lag: 5, lagMs: 60_000 }]);
    state.queue({ topic: SOURCE_TOPIC, partition: 0, assignment: 1, from: 0, next: 5, lastTime: clock.now() });
    state.settle({ topic: SOURCE_TOPIC, partition: 0, assignment: 1, from: 0, next: 5, lastTime: clock.now() }, 0);
    expect(monitor.of(state)).toMatchObject([{ lag: 0, lagMs: 0 }]);
  });
});
