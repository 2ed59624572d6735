import { readFileSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LaneStatus } from '../src/indexing/status.ts';
import { openBenchStack } from './bench-stack.ts';
import type { Child } from './child.ts';
import { BENCH_PIPELINE } from './events.ts';
import { DatedDocuments } from './guard/dated-documents.ts';
import { GuardGround, type PhaseRate } from './guard/guard-ground.ts';
import { SearchLoad } from './guard/search-load.ts';
import { settledOf } from './memory.ts';
import { percentile, rounded } from './statistics.ts';

const DAYS = 10;
/** Between two phases, s: merges and refreshes of the one before come to their end. */
const PAUSE_SECONDS = 5;
const LOOK_MS = 1_000;
/** Of the searches alone: load before the measurement, s, and its length as a part of the others'. */
const QUIET_WARM_UP_SECONDS = 15;
const QUIET_PART = 0.6;
/** Nothing has to be learned where the rate is fixed: load before the measurement, s. */
const FIXED_WARM_UP_SECONDS = 12;

export interface GuardOptions {
  readonly stackFile: string | undefined;
  /** Of topics and indices: one that an earlier run has filled is used as it is. */
  readonly prefix: string | undefined;
  readonly documents: number;
  readonly searchesPerSecond: number;
  /** Of each measurement, and of the load before it. */
  readonly seconds: number;
  readonly warmUpSeconds: number;
  /** Search factors that the guard is to hold. */
  readonly targets: readonly number[];
  /** Fixed rates without the guard, documents/s. */
  readonly caps: readonly number[];
  readonly unguarded: boolean;
  /** File for every single search and reading. */
  readonly trace: string | undefined;
  readonly say: (line: string) => void;
}

/** What one phase gave. `factor`: p99 ÷ p99 without indexing. */
interface Phase {
  readonly name: string;
  readonly target: number | null;
  readonly searches: number;
  readonly meanMs: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly factor: number;
  readonly docsPerSecond: number;
}

interface Look { readonly at: number; readonly settled: number; readonly guard: number | null; readonly queries: number; readonly queryMs: number; readonly raw?: unknown }

/** A steady search load, without indexing and while a lane catches up: unbounded, at fixed rates, and under the guard. */
export async function benchSearchGuard(options: GuardOptions): Promise<Record<string, unknown>> {
  const { documents, searchesPerSecond, say } = options;
  const bench = await openBenchStack({ stackFile: options.stackFile, only: ['kafka-west', 'elasticsearch-west'], overrides: { pipelines: [BENCH_PIPELINE], ...(options.prefix === undefined ? {} : { prefix: options.prefix }) }, say });
  const dated = await DatedDocuments.of(bench.config.prefix, documents, DAYS);
  const ground = new GuardGround(bench, dated);
  const load = new SearchLoad(ground.node, dated);
  const run = new Run(ground, load, options);
  try {
    say(`${documents} documents in ${DAYS} indices, and twice in the topic`);
    await ground.prepare();
    load.start(searchesPerSecond);
    const phases = await run.phases();
    return { bench: 'search-guard', documents, indices: DAYS, searchesPerSecond, seconds: options.seconds, phases, loadAverage: rounded(loadavg()[0] as number, 2) };
  } finally {
    await load.close();
    if (options.trace !== undefined) writeFileSync(options.trace, JSON.stringify({ answered: load.answered, looks: run.looks, windows: run.windows }));
    await ground.close();
    await bench.close();
  }
}

class Run {
  readonly looks: Look[] = [];
  readonly windows: { name: string; from: number; until: number }[] = [];
  readonly #ground: GuardGround;
  readonly #load: SearchLoad;
  readonly #options: GuardOptions;
  #quietP99 = Number.NaN;

  constructor(ground: GuardGround, load: SearchLoad, options: GuardOptions) {
    this.#ground = ground;
    this.#load = load;
    this.#options = options;
  }

  async phases(): Promise<Phase[]> {
    const { caps, targets, unguarded } = this.#options;
    const phases = [await this.#phase('no indexing', null, null)];
    for (const cap of caps) phases.push(await this.#phase(`${cap} documents/s`, null, { documentsPerSecond: cap, searchFactor: 0 }));
    if (unguarded) phases.push(await this.#phase('no guard', null, { documentsPerSecond: null, searchFactor: 0 }));
    for (const target of targets) phases.push(await this.#phase(`guard at ${target}`, target, { documentsPerSecond: null, searchFactor: target }));
    return phases;
  }

  async #phase(name: string, target: number | null, rate: PhaseRate | null): Promise<Phase> {
    const { say } = this.#options;
    const warmUpSeconds = rate === null ? QUIET_WARM_UP_SECONDS : target === null ? FIXED_WARM_UP_SECONDS : this.#options.warmUpSeconds;
    const seconds = this.#options.seconds * (rate === null ? QUIET_PART : 1);
    const lane = rate === null ? null : await this.#ground.catchUp(rate);
    try {
      await this.#watch(lane, warmUpSeconds);
      const before = await this.#look(lane);
      await this.#watch(lane, seconds);
      const after = await this.#look(lane);
      const phase = this.#phaseOf(name, target, before, after);
      say(`${name}: p50 ${phase.p50Ms} ms, p99 ${phase.p99Ms} ms, factor ${phase.factor}, ${phase.docsPerSecond} documents/s`);
      return phase;
    } finally {
      await lane?.stop();
      if (lane !== null) await sleep(PAUSE_SECONDS * 1_000);
    }
  }

  #phaseOf(name: string, target: number | null, before: Look, after: Look): Phase {
    this.windows.push({ name, from: before.at, until: after.at });
    const times = this.#load.between(before.at, after.at);
    const p99 = percentile(times, 0.99);
    if (Number.isNaN(this.#quietP99)) this.#quietP99 = p99;
    return {
      name, target, searches: times.length, meanMs: rounded(times.reduce((sum, ms) => sum + ms, 0) / times.length),
      p50Ms: rounded(percentile(times, 0.5)), p99Ms: rounded(p99), factor: rounded(p99 / this.#quietP99, 2),
      docsPerSecond: rounded(((after.settled - before.settled) * 1_000) / (after.at - before.at), 0),
    };
  }

  async #watch(lane: Child | null, seconds: number): Promise<void> {
    for (const end = performance.now() + seconds * 1_000; performance.now() < end; await sleep(LOOK_MS)) this.looks.push(await this.#look(lane));
  }

  async #look(lane: Child | null): Promise<Look> {
    const stats = (await (await fetch(`${this.#ground.node}/_nodes/stats/indices,thread_pool,jvm,process,adaptive_selection?filter_path=nodes.*.indices.search,nodes.*.thread_pool.search,nodes.*.thread_pool.write,nodes.*.jvm.gc,nodes.*.process.cpu,nodes.*.adaptive_selection,nodes.*.indices.merges,nodes.*.indices.refresh,nodes.*.indices.indexing`)).json()) as { nodes: Record<string, { indices: { search: { query_total: number; query_time_in_millis: number } } }> };
    const [search] = Object.values(stats.nodes).map((node) => node.indices.search);
    const at = performance.now();
    const read = { queries: search?.query_total ?? 0, queryMs: search?.query_time_in_millis ?? 0, raw: { ...(Object.values(stats.nodes)[0] as object), machine: readFileSync('/proc/stat', 'utf8').slice(0, 120), lanePid: lane?.cpuSeconds() ?? 0 } };
    if (lane === null) return { at, settled: 0, guard: null, ...read };
    const status = (await (await fetch(new URL('/status', lane.url))).json()) as { parts: Record<string, LaneStatus> };
    return { at, settled: await settledOf(lane), guard: Object.values(status.parts)[0]?.rate.guard ?? null, ...read };
  }
}
