import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { connectElasticsearch } from '../../src/adapters/elasticsearch/connect.ts';
import { systemClock } from '../../src/adapters/system-clock.ts';
import type { SearchCluster } from '../../src/ports/search-index.ts';
import { NO_CAPS } from '../../src/rate/caps.ts';
import { rateControlOf } from '../../src/rate/rate-control.ts';
import { startStack, type Stack } from '../../src/stack/stack.ts';
import { produce, record, startLane, THINGS_INDEX, THINGS_TOPIC, thingsLog, type RunningLane } from '../support/lane.ts';
import { waitFor } from '../support/stack.ts';

const SERVER = 'elasticsearch-west';
const SETTINGS = ['thread_pool.write.size=1', 'thread_pool.write.queue_size=3'];
/** What the server takes at once: one request that is worked at, and those that wait. */
const TAKEN_AT_ONCE = 4;
const IN_FLIGHT = 16;
const BATCH = 200;
const RECORDS = 30_000;

/** An Elasticsearch of its own, since hardly anything may wait in it. */
let stack: Stack;
let cluster: SearchCluster;
let lane: RunningLane | null = null;

beforeAll(async () => {
  stack = await startStack({ only: [SERVER] });
  await stack.stop(SERVER);
  appendFileSync(join(stack.folder, SERVER, 'config', 'node.properties'), SETTINGS.map((line) => `${line}\n`).join(''));
  await stack.start(SERVER);
  cluster = connectElasticsearch({ nodes: stack.servers.map(({ url }) => url), requestTimeoutMs: 20_000, maxSockets: IN_FLIGHT, compression: false });
  await cluster.call('PUT', `/${THINGS_INDEX}`, { settings: { number_of_replicas: 0 } });
});
afterAll(async () => {
  await lane?.stop();
  await cluster?.close();
  await stack?.down();
});

it('a lane finds how much a server with a small write queue takes, and loses nothing on the way', async () => {
  const log = thingsLog();
  const settings = { batchOperations: BATCH, inFlight: IN_FLIGHT, retryMinMs: 5, retryMaxMs: 50 };
  const rate = rateControlOf({ ...settings, batchBytes: 64 * 1024, targetLatencyMs: 10_000 }, { clock: systemClock, lanes: 1, learned: BATCH * IN_FLIGHT });
  rate.cap(NO_CAPS);
  await produce(log, Array.from({ length: RECORDS }, (_, at) => record(`id-${at}`, 1)));
  lane = startLane(log, cluster, { settings, rate });
  const counts = () => (lane as RunningLane).processor.status().counts;
  await waitFor(() => counts().retried > 0, { what: 'operations that were refused', timeoutMs: 60_000 });
  await waitFor(() => (lane as RunningLane).processor.status().rate.window <= BATCH * TAKEN_AT_ONCE, { what: 'no more in flight than the server takes', timeoutMs: 60_000 });
  await waitFor(async () => (await log.admin().committed('sluice.west-west', [THINGS_TOPIC])).reduce((sum, { offset }) => sum + offset, 0) === RECORDS, { what: 'every offset to be committed', timeoutMs: 120_000 });
  expect(counts()).toMatchObject({ applied: RECORDS, rejected: 0, refused: 0 });
  expect(await rejectedByServer()).toBeGreaterThan(0);
}, 180_000);

/** Write tasks that the server had no place for. */
async function rejectedByServer(): Promise<number> {
  const { body } = await cluster.call('GET', '/_nodes/stats/thread_pool?filter_path=nodes.*.thread_pool.write.rejected');
  const nodes = Object.values(body['nodes'] as Record<string, { thread_pool: { write: { rejected: number } } }>);
  return nodes.reduce((sum, { thread_pool: { write } }) => sum + write.rejected, 0);
}
