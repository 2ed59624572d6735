import { pino } from 'pino';
import { Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { Heads } from '../../src/ingest/heads.ts';
import { LagMonitor } from '../../src/ingest/lag.ts';
import { createMetrics } from '../../src/ingest/metrics.ts';
import { RegionState } from '../../src/ingest/region-state.ts';
import { emit, memoryClusters, numbered, SOURCE_TOPIC } from '../support/ingest-harness.ts';
import { ManualClock } from '../support/manual-clock.ts';

const HOUR_MS = 3_600_000;
const P0 = { topic: SOURCE_TOPIC, partition: 0 };

it('a region that is cut loose is warned about once, with the time that is left, before retention passes what it needs', async () => {
  const { source } = memoryClusters({ partitions: 1 });
  await emit(source, numbered(10));
  const [clock, heads, told] = [new ManualClock(), new Heads(), [] as Record<string, unknown>[]];
  const state = new RegionState(heads);
  heads.place({ ...P0, offset: 10, assignment: 1 });
  state.assign({ ...P0, offset: 0, assignment: 1 });
  state.queue({ ...P0, assignment: 1, from: 0, next: 4, lastTime: clock.now() });
  state.settle({ ...P0, assignment: 1, from: 0, next: 4, lastTime: clock.now() }, state.session);
  state.cut();
  const log = pino({ level: 'warn' }, { write: (line: string) => { told.push(JSON.parse(line) as Record<string, unknown>); } });
  const monitor = new LagMonitor({ admin: source.admin(), topics: [SOURCE_TOPIC], regions: new Map([['east', state]]), clock, log, metrics: createMetrics(new Registry()), retentionMs: 24 * HOUR_MS });
  await monitor.sample();
  await clock.advance(17 * HOUR_MS);
  await monitor.sample();
  expect(told).toEqual([]);
  await clock.advance(2 * HOUR_MS);
  await monitor.sample();
  await monitor.sample();
  expect(told).toEqual([expect.objectContaining({ region: 'east', topic: SOURCE_TOPIC, partition: 0, leftMs: 5 * HOUR_MS, leftRecords: 4 })]);
});

describe('the lag of a region', () => {
  it('rises in seconds, too, for one that has not acknowledged anything yet', async () => {
    const { source } = memoryClusters({ partitions: 1 });
    await emit(source, numbered(5));
    const state = new RegionState(new Heads());
    state.assign({ topic: SOURCE_TOPIC, partition: 0, offset: 0, assignment: 1 });
    const clock = new ManualClock();
    const monitor = new LagMonitor({ admin: source.admin(), topics: [SOURCE_TOPIC], regions: new Map([['west', state]]), clock, log: pino({ level: 'silent' }), metrics: createMetrics(new Registry()), retentionMs: null });
    await monitor.sample();
    expect(monitor.of(state)).toMatchObject([{ lag: 5, lagMs: 0 }]);
    await clock.advance(60_000);
    expect(monitor.of(state)).toMatchObject([{ lag: 5, lagMs: 60_000 }]);
    state.queue({ topic: SOURCE_TOPIC, partition: 0, assignment: 1, from: 0, next: 5, lastTime: clock.now() });
    state.settle({ topic: SOURCE_TOPIC, partition: 0, assignment: 1, from: 0, next: 5, lastTime: clock.now() }, 0);
    expect(monitor.of(state)).toMatchObject([{ lag: 0, lagMs: 0 }]);
  });
});
