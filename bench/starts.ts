import { loadavg } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { regionalTopicOf, sourceTopicOf } from '../src/domain/pipeline.ts';
import { BATCHES_INDEX } from '../src/domain/system-names.ts';
import { openRegionLog, openRegionSearch, openSource } from '../src/main/connections.ts';
import { openBenchStack, type BenchStack } from './bench-stack.ts';
import { startChild } from './child.ts';
import { benchDocuments } from './documents.ts';
import { BENCH_PIPELINE, saleEvents } from './events.ts';
import { fillTopic } from './fill.ts';
import { BENCH_LANE, LaneGround, REGION } from './lane-ground.ts';
import { rounded, spreadOf, type Spread } from './statistics.ts';

const RECORDS = 1_000;
const LIMIT_MS = 60_000;
const POLL_MS = 10;
const LOG = pino({ level: 'silent' });

export interface StartsOptions {
  readonly rounds: number;
  readonly say: (line: string) => void;
}

/** From nothing to work, ms: four servers; a lane to its health pages, its first records and its first documents; ingest to its health pages and its first records in a regional topic. */
export async function benchStarts({ rounds, say }: StartsOptions): Promise<Record<string, unknown>> {
  const began = performance.now();
  let stackMs = 0;
  const bench = await openBenchStack({ stackFile: undefined, overrides: { pipelines: [BENCH_PIPELINE] }, say, onStack: () => { stackMs = performance.now() - began; } });
  const ground = new LaneGround(bench.config);
  const lane = { servingMs: [] as number[], firstRecordsMs: [] as number[], firstDocumentsMs: [] as number[] };
  const ingest = { servingMs: [] as number[], firstRecordsMs: [] as number[] };
  try {
    await fillTopic(bench.config, REGION, await benchDocuments(), RECORDS);
    for (let round = 1; round <= rounds; round += 1) {
      await ground.fresh();
      note(lane, await startOfLane(bench));
      note(ingest, await startOfIngest(bench));
      say(`round ${round}: lane ${JSON.stringify(last(lane))}, ingest ${JSON.stringify(last(ingest))}`);
    }
    return { bench: 'starts', rounds, stackMs: rounded(stackMs, 0), lane: spreads(lane), ingest: spreads(ingest), loadAverage: rounded(loadavg()[0] as number, 2) };
  } finally {
    await ground.close();
    await bench.close();
  }
}

/** By the batch metadata: when the first batch was opened, and when it was settled. */
async function startOfLane({ config, configFile }: BenchStack): Promise<{ servingMs: number; firstRecordsMs: number; firstDocumentsMs: number }> {
  const search = openRegionSearch(config, REGION);
  const began = Date.now();
  const child = await startChild(['process', '--lane', BENCH_LANE, '--config', configFile]);
  const servingMs = Date.now() - began;
  const alias = `${config.prefix}${BATCHES_INDEX}`;
  try {
    for (;;) {
      await search.call('POST', `/${alias}/_refresh`);
      const { body } = await search.call('POST', `/${alias}/_search`, { size: 1, query: { range: { start_time: { gte: new Date(began).toISOString() } } }, sort: [{ start_time: 'asc' }], _source: ['detail'] });
      const [hit] = (body['hits'] as { hits: { _source: { detail: { start_time: string; end_time: string }[] } }[] }).hits;
      const first = hit?._source.detail[0];
      if (first !== undefined) return { servingMs, firstRecordsMs: Date.parse(first.start_time) - began, firstDocumentsMs: Date.parse(first.end_time) - began };
      if (Date.now() - began > LIMIT_MS) throw new Error('the lane did not settle anything');
      await sleep(POLL_MS * 10);
    }
  } finally {
    await child.stop();
    await search.close();
  }
}

async function startOfIngest({ config, configFile }: BenchStack): Promise<{ servingMs: number; firstRecordsMs: number }> {
  const producer = openSource(config, LOG).producer({ compression: 'none', deliveryTimeoutMs: LIMIT_MS });
  const admin = openRegionLog(config, REGION, LOG).admin();
  const topic = regionalTopicOf(config.prefix, BENCH_PIPELINE);
  const end = async (): Promise<number> => (await admin.ranges([topic])).reduce((sum, { latest }) => sum + latest, 0);
  await producer.send((await saleEvents(RECORDS)).map(({ key, value }) => ({ topic: sourceTopicOf(config.prefix, BENCH_PIPELINE), key, value })));
  const before = await end();
  const began = Date.now();
  const child = await startChild(['ingest', '--config', configFile]);
  const servingMs = Date.now() - began;
  try {
    while ((await end()) === before) {
      if (Date.now() - began > LIMIT_MS) throw new Error('ingest did not write anything');
      await sleep(POLL_MS);
    }
    return { servingMs, firstRecordsMs: Date.now() - began };
  } finally {
    await child.stop();
    await Promise.all([producer.close(), admin.close()]);
  }
}

function note<Key extends string>(all: Record<Key, number[]>, one: Record<Key, number>): void {
  for (const key of Object.keys(all) as Key[]) all[key].push(one[key]);
}

function last(all: Readonly<Record<string, readonly number[]>>): Record<string, number | undefined> {
  return Object.fromEntries(Object.entries(all).map(([key, values]) => [key, values.at(-1)]));
}

function spreads(all: Readonly<Record<string, readonly number[]>>): Record<string, Spread> {
  return Object.fromEntries(Object.entries(all).map(([key, values]) => [key, spreadOf(values, 0)]));
}
