import { loadavg } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { lanesBetween } from '../src/domain/lane.ts';
import { sourceTopicOf } from '../src/domain/pipeline.ts';
import { openSource } from '../src/main/connections.ts';
import type { Config } from '../src/config/schema.ts';
import type { RecordLog } from '../src/ports/record-log.ts';
import { openBenchStack } from './bench-stack.ts';
import { startChild, type Child } from './child.ts';
import { makeDailyIndices } from './daily-indices.ts';
import { BENCH_PIPELINE as PIPELINE, saleEvents } from './events.ts';
import { latenciesOf } from './latency-figures.ts';
import { regionalRecords, settled, settledRanges } from './latency-read.ts';
import { percentile, rounded } from './statistics.ts';

/** Events are sent in this rhythm, ms: the steps in which a rate of 250/s is kept exactly. */
const TICK_MS = 20;
const SETTLE_LIMIT_MS = 60_000;
/** Events of one sending while servers and processes are warmed up. */
const BURST = 1_000;
const BURST_LIMIT_MS = 900_000;

export interface LatencyOptions {
  readonly stackFile: string | undefined;
  readonly rate: number;
  readonly seconds: number;
  /** Events that go through first, as fast as they are taken: a server that was just started takes ten times the CPU for a document. */
  readonly warmUpEvents: number;
  /** Seconds of the same load before the measurement. */
  readonly warmUpSeconds: number;
  /** For ingest and every lane. */
  readonly nodeOptions: readonly string[];
  readonly say: (line: string) => void;
}

/** One event from the source topic to both Elasticsearch, at a steady rate through all four lanes, real processes. */
export async function benchLatency(options: LatencyOptions): Promise<Record<string, unknown>> {
  const bench = await openBenchStack({ stackFile: options.stackFile, overrides: { pipelines: [PIPELINE] }, say: options.say });
  const lanes = lanesBetween(Object.keys(bench.config.regions));
  const children: Child[] = [];
  try {
    options.say('starting ingest and the lanes');
    children.push(await startChild(['ingest', '--config', bench.configFile], options.nodeOptions));
    for (const lane of lanes) children.push(await startChild(['process', '--lane', lane.name, '--config', bench.configFile], options.nodeOptions));
    return await measure(bench.config, children, options);
  } finally {
    await Promise.all(children.map((child) => child.stop()));
    await bench.close();
  }
}

async function measure(config: Config, children: readonly Child[], { rate, seconds, warmUpEvents, warmUpSeconds, say }: LatencyOptions): Promise<Record<string, unknown>> {
  const log = pino({ level: 'silent' });
  const source = openSource(config, log);
  const events = await saleEvents(warmUpEvents + rate * (seconds + warmUpSeconds));
  await makeDailyIndices(config, ...spanOf(events));
  say(`warming up: ${warmUpEvents} events as fast as they are taken`);
  await burst(source, config, events.splice(0, warmUpEvents));
  await settled(children, BURST_LIMIT_MS);
  say(`warming up: ${warmUpSeconds} s at ${rate} events/s`);
  await feed(source, config, events.slice(0, rate * warmUpSeconds), rate);
  const cpuBefore = children.map((child) => child.cpuSeconds());
  say(`measuring: ${seconds} s at ${rate} events/s`);
  const began = Date.now();
  await feed(source, config, events.slice(rate * warmUpSeconds), rate);
  await settled(children, SETTLE_LIMIT_MS);
  const cpu = children.map((child, at) => child.cpuSeconds() - (cpuBefore[at] as number));
  const records = (await regionalRecords(config)).filter((record) => record.envelope.sourceTime >= began);
  const ranges = await settledRanges(config);
  const { acknowledged, allLanes, missing } = latenciesOf(records, ranges, Object.keys(config.regions));
  return {
    bench: 'latency', events: acknowledged.length, missing, rate,
    p50Ms: percentile(acknowledged, 0.5), p95Ms: percentile(acknowledged, 0.95), p99Ms: percentile(acknowledged, 0.99), maxMs: Math.max(...acknowledged),
    allLanesP50Ms: percentile(allLanes, 0.5), allLanesP99Ms: percentile(allLanes, 0.99),
    laneCpuPercent: rounded(Math.max(...cpu.slice(1)) / seconds * 100),
    cpuPercentOfOneCore: Object.fromEntries(children.map((child, at) => [child.name.replace(/ --config.*/, ''), rounded(((cpu[at] as number) / seconds) * 100)])),
    loadAverage: rounded(loadavg()[0] as number, 2),
  };
}

/** First and last time of a sale, epoch ms. */
function spanOf(events: readonly { value: Buffer }[]): [number, number] {
  const times = events.map(({ value }) => (JSON.parse(value.toString('utf8')) as { soldAt: number }).soldAt);
  return [percentile(times, 0), percentile(times, 1)];
}

/** Sends the events in even steps; each carries the moment of its sending as the record's timestamp. */
async function feed(source: RecordLog, config: Config, events: readonly { key: Buffer; value: Buffer }[], rate: number): Promise<void> {
  const producer = source.producer({ compression: 'none', deliveryTimeoutMs: 60_000 });
  const topic = sourceTopicOf(config.prefix, PIPELINE);
  const began = performance.now();
  const sends: Promise<void>[] = [];
  let sent = 0;
  while (sent < events.length) {
    const due = Math.min(events.length, Math.floor(((performance.now() - began) / 1_000) * rate));
    const batch = events.slice(sent, due).map(({ key, value }) => ({ topic, key, value, timestamp: Date.now() }));
    sent = Math.max(sent, due);
    if (batch.length > 0) sends.push(producer.send(batch));
    await sleep(TICK_MS);
  }
  await Promise.all(sends);
  await producer.close();
}

/** Sends the events as fast as the broker takes them. */
async function burst(source: RecordLog, config: Config, events: readonly { key: Buffer; value: Buffer }[]): Promise<void> {
  const producer = source.producer({ compression: 'none', deliveryTimeoutMs: 60_000 });
  const topic = sourceTopicOf(config.prefix, PIPELINE);
  for (let from = 0; from < events.length; from += BURST) await producer.send(events.slice(from, from + BURST).map(({ key, value }) => ({ topic, key, value })));
  await producer.close();
}
