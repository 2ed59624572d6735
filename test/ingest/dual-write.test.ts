import { pino } from 'pino';
import { Registry } from 'prom-client';
import { expect, it } from 'vitest';
import { configSchema } from '../../src/config/schema.ts';
import { assemble } from '../../src/ingest/assemble.ts';
import type { Chunk } from '../../src/ingest/chunk.ts';
import { emptyTally } from '../../src/ingest/tally.ts';
import { lookups, memoryClusters, REGIONAL_TOPIC, SOURCE_TOPIC, things } from '../support/ingest-harness.ts';
import { ManualClock } from '../support/manual-clock.ts';
import type { MemoryLog } from '../support/memory-log.ts';
import { until } from '../support/until.ts';

const P0 = { topic: SOURCE_TOPIC, partition: 0 };
const BUDGET = 1024 * 1024;

it('a region that holds the budget is waited for while the other one has work, and not for long once it has none', async () => {
  const { source, regions } = memoryClusters();
  (regions.get('east') as MemoryLog).stall();
  const clock = new ManualClock();
  const { heads, dualWrite, budget, regions: machines } = assemble({
    source, regions, pipelines: [things], lookups, clock, registry: new Registry(), log: pino({ level: 'silent' }),
    settings: configSchema.shape.ingest.parse({ inFlightBytes: BUDGET, fetchBytes: BUDGET / 8 }), host: 'h', prefix: 't.', sourceCluster: 'source',
  }, () => {});
  const [west, east] = machines.map(({ writer }) => writer);
  heads.place({ ...P0, offset: 0, assignment: 1 });
  for (const writer of [west, east]) writer?.state.assign({ ...P0, offset: 0, assignment: 1 });
  dualWrite.write(chunkOf(BUDGET / 2));
  await until(() => expect(west?.sharedBytes).toBe(0));
  dualWrite.cutLaggards();
  await clock.advance(1_000);
  dualWrite.cutLaggards();
  expect(east?.state.isCut).toBe(false);
  const waiting = budget.acquire(BUDGET / 2);
  dualWrite.cutLaggards();
  expect(east?.state.isCut).toBe(true);
  expect(budget.waiting).toBe(1);
  void waiting;
});

function chunkOf(bytes: number): Chunk {
  const record = { topic: REGIONAL_TOPIC, key: Buffer.from('a'), value: Buffer.from('{}'), sourceOffset: 0, sourceTime: 0, bytes, failure: false };
  return { ...P0, assignment: 1, from: 0, next: 1, records: [record], bytes, lastTime: 0, tally: emptyTally() };
}
