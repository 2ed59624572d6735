import { expect, it } from 'vitest';
import { HEARTBEATS_PIPELINE } from '../../src/domain/system-names.ts';
import { produce, record, startLane, thingsLog, THINGS_TOPIC } from '../support/lane.ts';
import { MemorySearch } from '../support/memory-search.ts';
import { until } from '../support/until.ts';

it('a batch counts no heartbeats among its operations', async () => {
  const [log, search] = [thingsLog(1), new MemorySearch()];
  const beat = (partition: number) => record(`beat-${partition}`, 1, '{"times":{"emitted":1,"ingested":2},"deleted":false}', { pipeline: HEARTBEATS_PIPELINE });
  await produce(log, [record('a', 1), beat(0), beat(1)]);
  const lane = startLane(log, search);
  await until(async () => expect((await log.admin().committed('sluice.west-west', [THINGS_TOPIC]))[0]?.offset).toBe(3));
  await lane.stop();
  const batches = [...search.indices].filter(([name]) => name.startsWith('sluice-batches')).flatMap(([, index]) => [...index.documents.values()].map(({ source }) => source));
  expect(batches.reduce((sum, batch) => sum + (batch?.['operations'] as number), 0)).toBe(1);
  expect(lane.processor.status().counts).toMatchObject({ records: 3, applied: 3 });
});
