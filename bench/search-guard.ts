import { writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LaneStatus } from '../src/indexing/status.ts';
import { openBenchStack } from './bench-stack.ts';
import type { Child } from './child.ts';
import { BENCH_PIPELINE } from './events.ts';
import { DatedDocuments } from './guard/dated-documents.ts';
import { GuardGround, type PhaseRate } from './guard/guard-ground.ts';
import { OtherPrograms } from './guard/other-programs.ts';
import { SearchLoad } from './guard/search-load.ts';
import { settledOf } from './memory.ts';
import { percentile, rounded } from './statistics.ts';

const DAYS = 10;
/** Days that a search spans. */
const SEARCH_DAYS = 8;
/** Between two phases, s: merges and refreshes of the one before come to their end. */
const PAUSE_SECONDS = 5;
const LOOK_MS = 1_000;
/** Where other programs use more cores than this, nothing is measured, nor for so long afterwards, ms; Kafka is among them. */
const DISTURBING_CORES = 0.5;
const AFTERMATH_MS = 2_000;
/** A measurement goes on until it has its undisturbed time, or for so many times as long. */
const MOST_PATIENCE = 1.5;
/** Of the searches alone, before and after each other phase: load before the measurement, s (a server that was just started is slow), and its length as a part of the others'. */
const FIRST_WARM_UP_SECONDS = 60;
const QUIET_WARM_UP_SECONDS = 15;
const QUIET_PART = 0.5;
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

/** Seconds that were disturbed are left out. */
interface Measured { readonly times: readonly number[]; readonly queryMs: number; readonly queries: number; readonly settled: number; readonly seconds: number; readonly disturbedSeconds: number }

interface PhasePlan { readonly name: string; readonly target: number | null; readonly rate: PhaseRate | null; readonly warmUpSeconds: number; readonly seconds: number }

/** What one phase gave. `factor`: p99 ÷ p99 without indexing, of the searches before it and after it: servers get faster for a quarter of an hour. */
interface Phase {
  readonly name: string;
  readonly target: number | null;
  readonly searches: number;
  readonly meanMs: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly factor: number;
  readonly docsPerSecond: number;
  /** Mean time of a shard's query as the cluster counts it, ÷ the same without indexing: what the guard sees. */
  readonly meanFactor: number;
  /** (p99 factor − 1) ÷ (mean factor − 1): what `searchTail` should be set to for these searches, where both are well above 1. */
  readonly tail: number | null;
  readonly measuredSeconds: number;
  /** Left out, since other programs used the machine. */
  readonly disturbedSeconds: number;
}

/** `others`: cores that other programs used since the look before. */
interface Look { readonly at: number; readonly settled: number; readonly guard: number | null; readonly queries: number; readonly queryMs: number; readonly others: number }

/** A steady search load, without indexing and while a lane catches up: unbounded, at fixed rates, and under the guard. */
export async function benchSearchGuard(options: GuardOptions): Promise<Record<string, unknown>> {
  const { documents, searchesPerSecond, say } = options;
  const bench = await openBenchStack({ stackFile: options.stackFile, only: ['kafka-west', 'elasticsearch-west'], overrides: { pipelines: [BENCH_PIPELINE], ...(options.prefix === undefined ? {} : { prefix: options.prefix }) }, say });
  const dated = await DatedDocuments.of(bench.config.prefix, documents, DAYS);
  const ground = new GuardGround(bench, dated);
  const load = new SearchLoad(ground.node, (number) => dated.span(number % (DAYS - SEARCH_DAYS + 1), SEARCH_DAYS));
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
  readonly #others = new OtherPrograms();

  constructor(ground: GuardGround, load: SearchLoad, options: GuardOptions) {
    this.#ground = ground;
    this.#load = load;
    this.#options = options;
  }

  async phases(): Promise<Phase[]> {
    const { caps, targets, unguarded, seconds, warmUpSeconds } = this.#options;
    const fixed = { target: null, warmUpSeconds: FIXED_WARM_UP_SECONDS, seconds };
    const plans: PhasePlan[] = [
      ...caps.map((cap) => ({ ...fixed, name: `${cap} documents/s`, rate: { documentsPerSecond: cap, searchFactor: 0 } })),
      ...(unguarded ? [{ ...fixed, name: 'no guard', rate: { documentsPerSecond: null, searchFactor: 0 } }] : []),
      ...targets.map((target) => ({ name: `guard at ${target}`, target, rate: { documentsPerSecond: null, searchFactor: target }, warmUpSeconds, seconds })),
    ];
    const quiet = { name: 'no indexing', target: null, rate: null, warmUpSeconds: QUIET_WARM_UP_SECONDS, seconds: seconds * QUIET_PART };
    let before = await this.#measure({ ...quiet, warmUpSeconds: FIRST_WARM_UP_SECONDS });
    const phases = [this.#told(phaseOf(quiet, before, [before]))];
    for (const plan of plans) {
      const loaded = await this.#measure(plan);
      const after = await this.#measure(quiet);
      phases.push(this.#told(phaseOf(plan, loaded, [before, after])));
      before = after;
    }
    return phases;
  }

  /** A lane that begins at the first record, so that none runs dry because of those before it; without a rate there is none. */
  async #measure({ name, rate, warmUpSeconds, seconds }: PhasePlan): Promise<Measured> {
    const lane = rate === null ? null : await this.#ground.catchUp(rate);
    try {
      await this.#watch(lane, warmUpSeconds);
      return this.#measuredIn(name, await this.#looks(lane, seconds));
    } finally {
      await lane?.stop();
      if (lane !== null) await sleep(PAUSE_SECONDS * 1_000);
    }
  }

  #told(phase: Phase): Phase {
    this.#options.say(`${phase.name}: p50 ${phase.p50Ms} ms, p99 ${phase.p99Ms} ms, factor ${phase.factor} (mean ${phase.meanFactor}${phase.tail === null ? '' : `, tail ${phase.tail}`}), ${phase.docsPerSecond} documents/s, ${phase.disturbedSeconds} s left out`);
    return phase;
  }

  #measuredIn(name: string, looks: readonly Look[]): Measured {
    const spans = spansOf(looks);
    const calm = spans.filter(({ disturbed }) => !disturbed);
    const [from, until] = [(looks[0] as Look).at, (looks.at(-1) as Look).at];
    this.windows.push({ name, from, until });
    const total = (read: (look: Look) => number) => calm.reduce((sum, span) => sum + read(span.until) - read(span.from), 0);
    const seconds = total(({ at }) => at) / 1_000;
    return {
      times: calm.flatMap((span) => this.#load.between(span.from.at, span.until.at)), queryMs: total((look) => look.queryMs), queries: total((look) => look.queries),
      settled: total((look) => look.settled), seconds, disturbedSeconds: (until - from) / 1_000 - seconds,
    };
  }

  /** Looks until so many seconds were undisturbed, or patience ends. */
  async #looks(lane: Child | null, seconds: number): Promise<Look[]> {
    const looks = [await this.#look(lane)];
    const calm = () => spansOf(looks).filter(({ disturbed }) => !disturbed).reduce((sum, { from, until }) => sum + until.at - from.at, 0);
    for (const end = performance.now() + seconds * MOST_PATIENCE * 1_000; performance.now() < end && calm() < seconds * 1_000;) {
      await sleep(LOOK_MS);
      looks.push(await this.#look(lane));
    }
    this.looks.push(...looks);
    return looks;
  }

  async #watch(lane: Child | null, seconds: number): Promise<void> {
    for (const end = performance.now() + seconds * 1_000; performance.now() < end; await sleep(LOOK_MS)) this.looks.push(await this.#look(lane));
  }

  async #look(lane: Child | null): Promise<Look> {
    const stats = (await (await fetch(`${this.#ground.node}/_nodes/stats/indices,process?filter_path=nodes.*.indices.search,nodes.*.process.cpu.total_in_millis`)).json()) as NodeStats;
    const nodes = Object.values(stats.nodes);
    const sum = (read: (node: NodeStats['nodes'][string]) => number) => nodes.reduce((total, node) => total + read(node), 0);
    const own = process.cpuUsage();
    const cpuSeconds = sum((node) => node.process.cpu.total_in_millis) / 1_000 + (own.user + own.system) / 1e6 + (lane?.cpuSeconds() ?? 0);
    const look = { at: performance.now(), queries: sum((node) => node.indices.search.query_total), queryMs: sum((node) => node.indices.search.query_time_in_millis), others: this.#others.cores(cpuSeconds) };
    if (lane === null) return { ...look, settled: 0, guard: null };
    const status = (await (await fetch(new URL('/status', lane.url))).json()) as { parts: Record<string, LaneStatus> };
    return { ...look, settled: await settledOf(lane), guard: Object.values(status.parts)[0]?.rate.guard ?? null };
  }
}

function phaseOf({ name, target }: PhasePlan, { times, queryMs, queries, settled, seconds, disturbedSeconds }: Measured, quiet: readonly Measured[]): Phase {
  const total = (read: (measured: Measured) => number) => quiet.reduce((sum, one) => sum + read(one), 0);
  const [p99, quietP99] = [percentile(times, 0.99), percentile(quiet.flatMap((one) => one.times), 0.99)];
  const [factor, meanFactor] = [p99 / quietP99, (queryMs / queries) / (total((one) => one.queryMs) / total((one) => one.queries))];
  return {
    name, target, searches: times.length, meanMs: rounded(times.reduce((sum, ms) => sum + ms, 0) / times.length),
    p50Ms: rounded(percentile(times, 0.5)), p99Ms: rounded(p99), factor: rounded(factor, 2), meanFactor: rounded(meanFactor, 3),
    tail: meanFactor > 1 ? rounded((factor - 1) / (meanFactor - 1), 1) : null,
    docsPerSecond: rounded(settled / seconds, 0), measuredSeconds: rounded(seconds, 0), disturbedSeconds: rounded(disturbedSeconds, 0),
  };
}

interface NodeStats {
  readonly nodes: Record<string, { readonly indices: { readonly search: { readonly query_total: number; readonly query_time_in_millis: number } }; readonly process: { readonly cpu: { readonly total_in_millis: number } } }>;
}

/** The time between each look and the next. The guard's own looks at undisturbed searches, for which nothing is sent, are left out, too. */
function spansOf(looks: readonly Look[]): { readonly from: Look; readonly until: Look; readonly disturbed: boolean }[] {
  let calmFrom = Number.NEGATIVE_INFINITY;
  return looks.slice(1).map((until, at) => {
    const from = looks[at] as Look;
    if (until.others > DISTURBING_CORES || until.guard === 0) calmFrom = until.at + AFTERMATH_MS;
    return { from, until, disturbed: from.at < calmFrom };
  });
}
