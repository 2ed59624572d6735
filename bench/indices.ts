import { loadavg } from 'node:os';
import { createAhead, type DatedFamily } from '../src/setup/create-ahead.ts';
import { createIndexKeeper } from '../src/setup/ensure-indices.ts';
import { targetsOf } from '../src/setup/targets.ts';
import type { SearchCluster } from '../src/ports/search-index.ts';
import { openBenchStack } from './bench-stack.ts';
import { benchDocuments } from './documents.ts';
import { BENCH_PIPELINE } from './events.ts';
import { routingMicroseconds } from './hot-path.ts';
import { elasticsearchCpuSeconds, LaneGround } from './lane-ground.ts';
import { rawBodies, runRaw } from './raw-limit.ts';
import { median, rounded } from './statistics.ts';

/** Indices created between two looks at the cluster state. */
const STEP = 100;
const SAMPLES = 5;
const DAY_MS = 86_400_000;
const BULK = { operations: 2_000, connections: 2 };
/** Days over which the live traffic of a month of updates spreads. */
const MONTH = 30;

export interface IndicesOptions {
  readonly stackFile: string | undefined;
  readonly count: number;
  /** Documents written to each set of indices. */
  readonly documents: number;
  readonly say: (line: string) => void;
}

/** Cluster state after so many indices, and how long their creation took. */
interface Step { readonly indices: number; readonly msPerIndex: number; readonly stateBytes: number }

/** What documents spread over so many indices cost the lane and Elasticsearch. */
interface Routing { readonly indices: number; readonly laneMicrosecondsPerDocument: number; readonly docsPerSecond: number; readonly elasticsearchCpuSecondsPerMillion: number }

/** Daily indices made by the pipeline's own create-ahead code: what each costs the cluster state, and what routing to few and to all costs. */
export async function benchIndices(options: IndicesOptions): Promise<Record<string, unknown>> {
  const { count, documents, say } = options;
  const bench = await openBenchStack({ stackFile: options.stackFile, only: ['kafka-west', 'elasticsearch-west'], overrides: { pipelines: [BENCH_PIPELINE], indices: { ahead: 0, behind: 0, refreshInterval: '30s' } }, say });
  const ground = new LaneGround(bench.config);
  const family: DatedFamily = { name: `${bench.config.prefix}${BENCH_PIPELINE}`, period: 'day' };
  const names = createAhead(Date.now(), { ahead: 0, behind: count - 1 }, [family]);
  try {
    await remove(ground.search, names);
    const before = await stateBytes(ground.node);
    const steps = await createAll(ground, names, say);
    const daily = await dailyRound(ground.search, bench.config.indices, family);
    const routing: Routing[] = [];
    say('warming up');
    await route(ground, names.slice(-1), 0, documents);
    for (const spread of [...new Set([1, MONTH, count])].filter((each) => each <= count)) {
      routing.push(await route(ground, names.slice(-spread), (routing.length + 1) * documents, documents));
      say(`${spread} target indices: ${JSON.stringify(routing.at(-1))}`);
    }
    const after = steps.at(-1) as Step;
    return {
      bench: 'indices', count, documents, createSeconds: rounded(steps.reduce((sum, step, at) => sum + step.msPerIndex * (step.indices - (steps[at - 1]?.indices ?? 0)), 0) / 1_000, 2),
      stateBytesBefore: before, stateBytes: after.stateBytes, stateBytesPerIndex: rounded((after.stateBytes - before) / count, 0),
      ...daily, steps, routing, loadAverage: rounded(loadavg()[0] as number, 2),
    };
  } finally {
    await remove(ground.search, names);
    await ground.close();
    await bench.close();
  }
}

async function createAll(ground: LaneGround, names: readonly string[], say: (line: string) => void): Promise<Step[]> {
  const keeper = createIndexKeeper(ground.search);
  const steps: Step[] = [];
  for (let from = 0; from < names.length; from += STEP) {
    const some = names.slice(from, from + STEP);
    const began = performance.now();
    const created = await keeper.ensure(some);
    const ms = performance.now() - began;
    if (created.length !== some.length) throw new Error(`${created.length} of ${some.length} indices were created here`);
    const step = { indices: from + some.length, msPerIndex: rounded(ms / some.length), stateBytes: await stateBytes(ground.node) };
    say(`${step.indices} indices: ${step.msPerIndex} ms an index, cluster state of ${step.stateBytes} bytes`);
    steps.push(step);
  }
  return steps;
}

/** With all of them there, ms: one index more, as at midnight, and the daily question that a process asks when nothing is missing. */
async function dailyRound(search: SearchCluster, span: { ahead: number; behind: number }, family: DatedFamily): Promise<{ createOneMs: number; nothingMissingMs: number }> {
  const created: number[] = [];
  const asked: number[] = [];
  for (let sample = 1; sample <= SAMPLES; sample += 1) {
    const tomorrow = createAhead(Date.now() + sample * DAY_MS, { ...span, behind: 0 }, [family]);
    created.push(await msOf(() => createIndexKeeper(search).ensure(tomorrow)));
    asked.push(await msOf(() => createIndexKeeper(search).ensure(tomorrow)));
    await remove(search, tomorrow);
  }
  return { createOneMs: rounded(median(created)), nothingMissingMs: rounded(median(asked)) };
}

/** Writes documents that are not there yet, from number `first` on, to the named indices in turn. */
async function route(ground: LaneGround, names: readonly string[], first: number, documents: number): Promise<Routing> {
  const document = await benchDocuments();
  const bodies = rawBodies((number) => document(first + number), documents, (number) => names[number % names.length] as string, BULK.operations);
  const cpuBefore = await elasticsearchCpuSeconds(ground.search);
  const { docsPerSecond } = await runRaw(ground.node, bodies, documents, BULK.connections);
  const cpu = (await elasticsearchCpuSeconds(ground.search)) - cpuBefore;
  return {
    indices: names.length, laneMicrosecondsPerDocument: await routingMicroseconds(names.length, Date.now() - names.length * DAY_MS),
    docsPerSecond: rounded(docsPerSecond, 0), elasticsearchCpuSecondsPerMillion: rounded((cpu / documents) * 1e6, 1),
  };
}

async function remove(search: SearchCluster, names: readonly string[]): Promise<void> {
  for (const target of targetsOf(names)) await search.call('DELETE', `/${target}?ignore_unavailable=true`);
}

/** Size of the whole cluster state as JSON. */
async function stateBytes(node: string): Promise<number> {
  const answer = await fetch(new URL('/_cluster/state', node));
  return (await answer.arrayBuffer()).byteLength;
}

async function msOf(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}
