import { loadavg } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { regionalTopicOf, sourceTopicOf } from '../src/domain/pipeline.ts';
import { memberGroup, positionGroup } from '../src/ingest/groups.ts';
import { startChild, type Child } from './child.ts';
import { BENCH_PIPELINE, saleEvents } from './events.ts';
import { figuresLine, summaryOf, type Figures } from './figures.ts';
import { openIngestStack, type IngestStack } from './ingest-stack.ts';
import { median, rounded } from './statistics.ts';
import { runTethered } from './tethered.ts';

const SEND_RECORDS = 2_000;
/** Different events; beyond them they come again. */
const DIFFERENT = 200_000;
const POLL_MS = 250;
const LIMIT_MS = 600_000;
/** This share of the events goes through before anything is measured: joining, and code that is not compiled yet. */
const WARM_UP = 0.1;

export interface IngestOptions {
  readonly events: number;
  readonly rounds: number;
  readonly nodeOptions: readonly string[];
  readonly say: (line: string) => void;
}

type Contestant = 'oneRegion' | 'bothRegions' | 'produce';
const CONTESTANTS: readonly Contestant[] = ['oneRegion', 'bothRegions', 'produce'];

/**
 * Source topic → decode, validate, enrich with three lookups → one or both regional topics; beside it a program that does
 * nothing but produce the same records, which is what a second region should cost at most.
 */
export async function benchIngest(options: IngestOptions): Promise<Record<string, unknown>> {
  const { events, rounds, say } = options;
  const stack = await openIngestStack(say);
  const runs: Record<Contestant, Figures[]> = { oneRegion: [], bothRegions: [], produce: [] };
  try {
    say(`filling the source with ${events} events`);
    await fill(stack, events);
    for (let round = 1; round <= rounds; round += 1) {
      for (const contestant of CONTESTANTS) {
        const figures = contestant === 'produce' ? await produce(stack, events) : await ingest(stack, contestant, options);
        runs[contestant].push(figures);
        say(`round ${round}: ${contestant} ${figuresLine(figures)}`);
      }
    }
  } finally {
    await stack.close();
  }
  const cpu = (contestant: Contestant): number => median(runs[contestant].map((run) => run.cpuSecondsPerMillion));
  return {
    bench: 'ingest', events, rounds, ...Object.fromEntries(CONTESTANTS.map((contestant) => [contestant, summaryOf(runs[contestant])])),
    secondRegionCpuSecondsPerMillion: rounded(cpu('bothRegions') - cpu('oneRegion'), 2), loadAverage: rounded(loadavg()[0] as number, 2),
  };
}

async function fill({ source, config }: IngestStack, count: number): Promise<void> {
  const producer = source.producer({ compression: 'lz4', deliveryTimeoutMs: 60_000 });
  const topic = sourceTopicOf(config.prefix, BENCH_PIPELINE);
  const events = await saleEvents(Math.min(count, DIFFERENT));
  for (let sent = 0; sent < count; sent += SEND_RECORDS) {
    const from = sent % events.length;
    await producer.send(events.slice(from, from + Math.min(SEND_RECORDS, count - sent)).map(({ key, value }) => ({ topic, key, value })));
  }
  await producer.close();
}

/** One process from the first event to the last, the warm-up left out. */
async function ingest(stack: IngestStack, contestant: 'oneRegion' | 'bothRegions', { events, nodeOptions }: IngestOptions): Promise<Figures> {
  await rewind(stack);
  const child = await startChild(['ingest', '--config', stack.configFiles[contestant]], nodeOptions);
  try {
    await until(async () => (await settledOf(child)) >= events * WARM_UP);
    const [began, cpuBefore, before] = [performance.now(), child.cpuSeconds(), await settledOf(child)];
    const measured = events - before;
    if (measured < events / 2) throw new Error(`${events} events are through before they can be measured: give more with --docs`);
    await until(async () => (await settledOf(child)) >= events);
    return { docsPerSecond: (measured * 1_000) / (performance.now() - began), cpuSecondsPerMillion: ((child.cpuSeconds() - cpuBefore) * 1e6) / measured, peakRssMiB: child.peakRssMiB() };
  } finally {
    await child.stop();
  }
}

async function produce({ config }: IngestStack, events: number): Promise<Figures> {
  const region = Object.values(config.regions)[0];
  return (await runTethered(new URL('produce-child.ts', import.meta.url), [(region?.kafka.brokers ?? []).join(','), regionalTopicOf(config.prefix, BENCH_PIPELINE), String(events), config.ingest.compression, String(config.ingest.batchRecords)])) as Figures;
}

/** Every region begins at the first event again. */
async function rewind({ source, config }: IngestStack): Promise<void> {
  const admin = source.admin();
  const ranges = await admin.ranges([sourceTopicOf(config.prefix, BENCH_PIPELINE)]);
  const positions = ranges.map(({ topic, partition, earliest }) => ({ topic, partition, offset: earliest }));
  for (const group of [memberGroup(config.prefix), ...Object.keys(config.regions).map((region) => positionGroup(config.prefix, region))]) {
    await until(() => admin.setCommitted(group, positions).then(() => true, () => false));
  }
  await admin.close();
}

/** Events that every region has acknowledged. */
async function settledOf(child: Child): Promise<number> {
  const { parts } = (await (await fetch(new URL('/status', child.url))).json()) as { parts: { ingest: { regions: { partitions: { settled: number }[] }[] } } };
  return Math.min(...parts.ingest.regions.map(({ partitions }) => partitions.reduce((sum, { settled }) => sum + settled, 0)));
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  const limit = performance.now() + LIMIT_MS;
  while (!(await holds())) {
    if (performance.now() > limit) throw new Error(`not done after ${LIMIT_MS / 1_000} s`);
    await sleep(POLL_MS);
  }
}
