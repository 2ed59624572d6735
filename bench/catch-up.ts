import { loadavg } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Stack } from '../src/stack/stack.ts';
import { openBenchStack } from './bench-stack.ts';
import { startChild, type Child } from './child.ts';
import { openContest, type Contest, type ContestOptions } from './contest.ts';
import { BENCH_PIPELINE } from './events.ts';
import { figuresLine, summaryOf, type Figures } from './figures.ts';
import { BENCH_LANE } from './lane-ground.ts';
import { median, rounded, spreadOf } from './statistics.ts';

const ELASTICSEARCH = 'elasticsearch-west';
const POLL_MS = 250;
const LIMIT_MS = 600_000;

export interface CatchUpOptions extends Omit<ContestOptions, 'input'> {
  readonly rounds: number;
}

/** A running lane whose Elasticsearch stands still while its topic is filled: how fast it catches up afterwards, from the first moment on, against the raw limit. */
export async function benchCatchUp(options: CatchUpOptions): Promise<Record<string, unknown>> {
  const { documents, rounds, nodeOptions, say } = options;
  const bench = await openBenchStack({ stackFile: undefined, only: ['kafka-west', ELASTICSEARCH], overrides: { pipelines: [BENCH_PIPELINE], indices: { refreshInterval: '30s' } }, say });
  const contest = await openContest(bench, { ...options, input: undefined });
  const runs = { raw: [] as Figures[], lane: [] as Figures[] };
  try {
    await contest.prepare();
    for (let round = 1; round <= rounds; round += 1) {
      runs.raw.push(await contest.raw());
      await contest.ground.emptyIndices();
      await contest.ground.rewind('latest');
      const child = await startChild(['process', '--lane', BENCH_LANE, '--config', bench.configFile], nodeOptions);
      try {
        runs.lane.push(await outage(bench.stack as Stack, contest, child, documents));
      } finally {
        await child.stop();
      }
      say(`round ${round}: raw ${figuresLine(runs.raw.at(-1) as Figures)}; catching up ${figuresLine(runs.lane.at(-1) as Figures)}`);
    }
    const ratios = runs.lane.map(({ docsPerSecond }, at) => docsPerSecond / (runs.raw[at] as Figures).docsPerSecond);
    return { bench: 'catch-up', documents, rounds, rawShape: contest.shape, lane: summaryOf(runs.lane), raw: summaryOf(runs.raw), ratio: rounded(median(ratios), 3), ratioSpread: spreadOf(ratios, 3), loadAverage: rounded(loadavg()[0] as number, 2) };
  } finally {
    await contest.close();
    await bench.close();
  }
}

/** From the moment when Elasticsearch goes on to the settlement of the last record. */
async function outage(stack: Stack, contest: Contest, child: Child, documents: number): Promise<Figures> {
  const { ground } = contest;
  await until(async () => (await partitionsOf(child)) > 0);
  const start = await ground.records();
  await stack.kill(ELASTICSEARCH, 'SIGSTOP');
  await contest.fill();
  await stack.kill(ELASTICSEARCH, 'SIGCONT');
  const began = Date.now();
  const cpuBefore = child.cpuSeconds();
  await until(async () => (await ground.committed()) >= start + documents);
  const cpu = child.cpuSeconds() - cpuBefore;
  const { last } = await ground.settledSince(began - LIMIT_MS);
  return { docsPerSecond: (documents * 1_000) / (last - began), cpuSecondsPerMillion: (cpu / documents) * 1e6, peakRssMiB: child.peakRssMiB() };
}

async function partitionsOf(child: Child): Promise<number> {
  const { parts } = (await (await fetch(new URL('/status', child.url))).json()) as { parts: Record<string, { partitions: number }> };
  return parts[BENCH_LANE]?.partitions ?? 0;
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  const limit = performance.now() + LIMIT_MS;
  while (!(await holds())) {
    if (performance.now() > limit) throw new Error(`not done after ${LIMIT_MS / 1_000} s`);
    await sleep(POLL_MS);
  }
}
