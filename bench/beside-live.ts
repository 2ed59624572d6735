import { mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { cases } from '../backfill/index.ts';
import { openDuckDb } from '../src/adapters/duckdb/open.ts';
import { lanesBetween } from '../src/domain/lane.ts';
import { FAILURES_INDEX } from '../src/domain/system-names.ts';
import { openRegionSearch, openSource } from '../src/main/connections.ts';
import { documentsIn, periodsOf, type FoundDocument } from '../src/proof/read-region.ts';
import { FIRST_DAY, LAST_DAY } from './backfill-warehouse.ts';
import { openBenchStack, type BenchStack } from './bench-stack.ts';
import { feedLive, sendAtOnce } from './beside-live/live-feed.ts';
import { Oracle, type Judgement } from './beside-live/oracle.ts';
import { fillBesideLive, LiveStory } from './beside-live/story.ts';
import { startChild, type Child } from './child.ts';
import { runCommand, type Ran } from './command.ts';
import { dailyIndices, makeDailyIndices } from './daily-indices.ts';
import { BENCH_PIPELINE as PIPELINE } from './events.ts';
import { SearchLoad } from './guard/search-load.ts';
import { latenciesOf } from './latency-figures.ts';
import { regionalRecords, settled, settledRanges } from './latency-read.ts';
import { percentile, rounded } from './statistics.ts';

const DAY_MS = 86_400_000;
/** Of the live events, one in so many is followed from the source topic to both regions. */
const FOLLOWED = 5;
/** Between the end of a load and the next one, s. */
const PAUSE_SECONDS = 5;
const SETTLE_LIMIT_MS = 900_000;
/** Events that go through first, as fast as they are taken, since a server that was just started takes ten times the CPU for a document: a tenth of the rows, at most so many. */
const MOST_WARM_UP_EVENTS = 100_000;

export interface BesideLiveOptions {
  readonly stackFile: string | undefined;
  /** Rows that the cases read in all. */
  readonly rows: number;
  /** Live events a second, and searches a second in each region (0: nobody searches, and the search guard has nothing to do). */
  readonly rate: number;
  readonly searchesPerSecond: number;
  /** Live traffic alone: before anything is measured, and measured, s. */
  readonly warmUpSeconds: number;
  readonly seconds: number;
  /** Hard cap of each region, documents/s; null: none. */
  readonly cap: number | null;
  readonly say: (line: string) => void;
}

/** A stretch of the run: of the wall clock (events carry it) and of the monotonic one (searches). */
interface Stretch { readonly from: number; readonly until: number; readonly fromTick: number; readonly untilTick: number }
interface Loaded extends Stretch { readonly ran: Ran; readonly name: string }

/** The three cases over a warehouse, one after the other, beside live traffic on four lanes and searches in both regions; judged by an oracle that shares no code with the pipeline. */
export async function benchBesideLive(options: BesideLiveOptions): Promise<Record<string, unknown>> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-'));
  const regionRate = options.cap === null ? {} : { rate: { documentsPerSecond: options.cap } };
  const overrides = { pipelines: [PIPELINE], warehouse: { directory: join(folder, 'warehouse') } };
  const bench = await openBenchStack({ stackFile: options.stackFile, withStore: true, overrides, ofRegions: regionRate, say: options.say });
  const run = new Run(bench, folder, options);
  try {
    await run.prepare();
    return await run.measure();
  } finally {
    await run.stop();
    await bench.close();
    rmSync(folder, { recursive: true });
  }
}

interface Freshness { readonly followed: number; readonly p50Ms: number; readonly p90Ms: number; readonly p99Ms: number }

function freshnessOf(latencies: readonly number[]): Freshness {
  return { followed: latencies.length, p50Ms: percentile(latencies, 0.5), p90Ms: percentile(latencies, 0.9), p99Ms: percentile(latencies, 0.99) };
}

class Run {
  readonly #bench: BenchStack;
  readonly #folder: string;
  readonly #options: BesideLiveOptions;
  readonly #rowsOfCase: number;
  readonly #story: LiveStory;
  readonly #children: Child[] = [];
  readonly #searches = new Map<string, SearchLoad>();
  readonly #ended = new AbortController();
  #feeding: Promise<void> = Promise.resolve();

  constructor(bench: BenchStack, folder: string, options: BesideLiveOptions) {
    this.#bench = bench;
    this.#folder = folder;
    this.#options = options;
    this.#rowsOfCase = Math.ceil(options.rows / cases.length);
    this.#story = new LiveStory(this.#rowsOfCase, join(folder, 'events.ndjson'));
  }

  get #regions(): string[] { return Object.keys(this.#bench.config.regions); }

  /** A warehouse, the extract of every case, and a pipeline that runs: none of this is measured. */
  async prepare(): Promise<void> {
    const { config, configFile } = this.#bench;
    this.#options.say(`a warehouse of ${this.#rowsOfCase} rows, which each of ${cases.length} cases reads`);
    await this.#withEngine(async (engine) => await fillBesideLive(engine, join(this.#folder, 'warehouse'), this.#rowsOfCase));
    for (const { name } of cases) {
      await runCommand(configFile, ['backfill', 'plan', name, '--from', FIRST_DAY, '--to', LAST_DAY, '--cycle', name]);
      await runCommand(configFile, ['backfill', 'extract', name]);
    }
    await makeDailyIndices(config, Date.parse(FIRST_DAY), Date.parse(LAST_DAY));
    this.#children.push(await startChild(['ingest', '--config', configFile]));
    for (const lane of lanesBetween(this.#regions)) this.#children.push(await startChild(['process', '--lane', lane.name, '--config', configFile]));
    const source = openSource(config, pino({ level: 'silent' }));
    const warmUpEvents = Math.min(MOST_WARM_UP_EVENTS, Math.ceil(this.#options.rows / 10));
    this.#options.say(`warming up: ${warmUpEvents} events as fast as they are taken`);
    await sendAtOnce(source, config.prefix, this.#story, warmUpEvents);
    await settled(this.#children, SETTLE_LIMIT_MS);
    this.#feeding = feedLive(source, config.prefix, this.#story, this.#options.rate, this.#ended.signal);
    this.#feeding.catch(() => undefined); // told where it is awaited
  }

  async measure(): Promise<Record<string, unknown>> {
    const { say, warmUpSeconds, seconds, searchesPerSecond } = this.#options;
    if (searchesPerSecond > 0) for (const region of this.#regions) this.#startSearches(region, searchesPerSecond);
    say(`live traffic alone: ${warmUpSeconds} s to warm up, ${seconds} s measured`);
    await sleep(warmUpSeconds * 1_000);
    const quiet = await this.#stretch(() => sleep(seconds * 1_000));
    const loads: Loaded[] = [];
    for (const { name } of cases) {
      loads.push(await this.#load(name));
      await sleep(PAUSE_SECONDS * 1_000);
    }
    this.#ended.abort();
    await this.#feeding;
    await settled(this.#children, SETTLE_LIMIT_MS);
    const figures = { ...(await this.#freshness(quiet, loads)), ...this.#searchFigures(quiet, loads) };
    const verified = await this.#verify();
    return { bench: 'beside-live', rows: this.#rowsOfCase * cases.length, events: this.#story.sent, rate: this.#options.rate, ...(await this.#judge()), ...figures, loads: loads.map((load) => this.#told(load)), verified, loadAverage: rounded(loadavg()[0] as number, 2) };
  }

  async stop(): Promise<void> {
    this.#ended.abort();
    await Promise.allSettled([this.#feeding, ...[...this.#searches.values()].map((load) => load.close()), ...this.#children.map((child) => child.stop())]);
  }

  async #load(name: string): Promise<Loaded> {
    let ran: Ran | undefined;
    const stretch = await this.#stretch(async () => { ran = await runCommand(this.#bench.configFile, ['backfill', 'load', name]); });
    this.#options.say(`${name}: ${rounded((stretch.untilTick - stretch.fromTick) / 1_000)} s, ${JSON.stringify(ran?.report['regions'])}`);
    return { ...stretch, name, ran: ran as Ran };
  }

  async #stretch(work: () => Promise<void>): Promise<Stretch> {
    const [from, fromTick] = [Date.now(), performance.now()];
    await work();
    return { from, fromTick, until: Date.now(), untilTick: performance.now() };
  }

  #told({ name, ran, fromTick, untilTick }: Loaded): Record<string, unknown> {
    const seconds = (untilTick - fromTick) / 1_000;
    return { case: name, seconds: rounded(seconds), rowsPerSecond: rounded(this.#rowsOfCase / seconds, 0), cpuSeconds: rounded(ran.cpuSeconds), peakRssMiB: rounded(ran.peakRssMiB, 0), regions: ran.report['regions'] };
  }

  /** From the moment in which an event was sent to that in which both regions had acknowledged it. */
  async #freshness(quiet: Stretch, loads: readonly Loaded[]): Promise<Record<string, unknown>> {
    const { config } = this.#bench;
    const ranges = await settledRanges(config);
    const records = await regionalRecords(config, ({ sourceTime }) => sourceTime >= quiet.from && sourceTime % FOLLOWED === 0);
    const within = (stretches: readonly Stretch[]): number[] => {
      const wanted = records.filter(({ envelope: { sourceTime } }) => stretches.some(({ from, until }) => sourceTime >= from && sourceTime < until));
      const { acknowledged, missing } = latenciesOf(wanted, ranges, this.#regions);
      if (missing > 0) throw new Error(`${missing} of ${acknowledged.length + missing} live events were not acknowledged in every region`);
      return acknowledged;
    };
    const [alone, beside] = [freshnessOf(within([quiet])), freshnessOf(within(loads))];
    return {
      freshness: { alone, beside, ofCases: Object.fromEntries(loads.map((load) => [load.name, freshnessOf(within([load]))])) },
      freshnessRatio: rounded(beside.p99Ms / alone.p99Ms, 2),
    };
  }

  #searchFigures(quiet: Stretch, loads: readonly Loaded[]): Record<string, unknown> {
    const figures = [...this.#searches].map(([region, searches]) => {
      const alone = searches.between(quiet.fromTick, quiet.untilTick);
      const beside = loads.flatMap(({ fromTick, untilTick }) => searches.between(fromTick, untilTick));
      const [aloneP99Ms, besideP99Ms] = [percentile(alone, 0.99), percentile(beside, 0.99)];
      return [region, { searches: alone.length + beside.length, aloneP50Ms: rounded(percentile(alone, 0.5)), aloneP99Ms: rounded(aloneP99Ms), besideP50Ms: rounded(percentile(beside, 0.5)), besideP99Ms: rounded(besideP99Ms), factor: rounded(besideP99Ms / aloneP99Ms, 2) }] as const;
    });
    return { searches: Object.fromEntries(figures), searchFactor: figures.length === 0 ? null : Math.max(...figures.map(([, { factor }]) => factor)) };
  }

  /** The product's own word for it, beside the oracle's. */
  async #verify(): Promise<Record<string, unknown>> {
    const last = cases.at(-1)?.name ?? '';
    const { report } = await runCommand(this.#bench.configFile, ['backfill', 'verify', last], [], [0, 1]);
    const regions = report['regions'] as Record<string, { ok: boolean; findings: readonly unknown[] }>;
    return Object.fromEntries(Object.entries(regions).map(([region, { ok, findings }]) => [region, { ok, findings: findings.length }]));
  }

  async #judge(): Promise<{ right: true; regions: Record<string, Judgement & { failures: number }> }> {
    const { config } = this.#bench;
    this.#options.say('the oracle judges');
    return await this.#withEngine(async (engine) => {
      const oracle = new Oracle(engine, this.#folder);
      await oracle.expect(join(this.#folder, 'warehouse'), join(this.#folder, 'events.ndjson'));
      const wantedFailures = await oracle.failures();
      const regions: Record<string, Judgement & { failures: number }> = {};
      for (const region of this.#regions) {
        const search = openRegionSearch(config, region);
        const failures = await countOf(search, `${config.prefix}${FAILURES_INDEX}-*`);
        const judged = await oracle.judge(region, soldItemsOf(search, `${config.prefix}${PIPELINE}`));
        await search.close();
        regions[region] = { ...judged, failures };
        if (judged.missing + judged.unexpected + judged.different > 0 || failures !== wantedFailures) throw new Error(`${region} is not as it should be: ${JSON.stringify(regions[region])}, ${wantedFailures} failures are expected`);
      }
      return { right: true as const, regions };
    });
  }

  #startSearches(region: string, perSecond: number): void {
    const span = { indices: dailyIndices(this.#bench.config, Date.parse(FIRST_DAY), Date.parse(LAST_DAY)), from: Date.parse(FIRST_DAY), until: Date.parse(LAST_DAY) + DAY_MS };
    const load = new SearchLoad(this.#bench.config.regions[region]?.elasticsearch.nodes[0] as string, () => span);
    this.#searches.set(region, load);
    load.start(perSecond);
  }

  async #withEngine<Result>(work: (engine: Awaited<ReturnType<typeof openDuckDb>>) => Promise<Result>): Promise<Result> {
    const engine = await openDuckDb({ threads: 2, memoryLimit: '2GB', spillFolder: join(this.#folder, 'spill') });
    return await work(engine).finally(() => engine.close());
  }
}

async function* soldItemsOf(search: ReturnType<typeof openRegionSearch>, base: string): AsyncGenerator<FoundDocument, void, undefined> {
  for (const period of await periodsOf(search, base)) yield* documentsIn(search, `${base}-${period}`);
}

async function countOf(search: ReturnType<typeof openRegionSearch>, indices: string): Promise<number> {
  await search.call('POST', `/${indices}/_refresh`);
  const { body } = await search.call('GET', `/${indices}/_count`);
  return Number(body['count']);
}
