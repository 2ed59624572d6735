import { fork } from 'node:child_process';
import { once } from 'node:events';
import { loadavg } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { openBenchStack, type BenchStack } from './bench-stack.ts';
import { startChild } from './child.ts';
import { benchDocuments, type BenchDocument } from './documents.ts';
import { BENCH_PIPELINE } from './events.ts';
import { fillTopic } from './fill.ts';
import { settledOf } from './memory.ts';
import { summaryOf, type Figures } from './figures.ts';
import { BENCH_LANE, LaneGround, REGION } from './lane-ground.ts';
import { RAW_SHAPES, rawBodies, runRaw, type RawShape } from './raw-limit.ts';
import { median, rounded } from './statistics.ts';

/** Documents that Elasticsearch needs to be warm. */
const WARM_UP = 300_000;
const RUN_LIMIT_MS = 600_000;
const POLL_MS = 100;

export interface LaneOptions {
  readonly stackFile: string | undefined;
  readonly documents: number;
  readonly rounds: number;
  readonly naive: boolean;
  readonly nodeOptions: readonly string[];
  readonly say: (line: string) => void;
}

/** A filled regional topic → index through the real processor, against the raw `_bulk` limit and the naive program, in turn. */
export async function benchLane(options: LaneOptions): Promise<Record<string, unknown>> {
  const { say } = options;
  const bench = await openBenchStack({ stackFile: options.stackFile, only: ['kafka-west', 'elasticsearch-west'], overrides: { pipelines: [BENCH_PIPELINE], indices: { refreshInterval: '30s' }, kafka: { client: 'platformatic' } }, say });
  const contest = new Contest(bench, options, await benchDocuments());
  try {
    await contest.prepare();
    const runs = await contest.run();
    const ratios = runs.lane.map((lane, at) => lane.docsPerSecond / (runs.raw[at] as Figures).docsPerSecond);
    return {
      bench: 'lane', documents: options.documents, rounds: options.rounds, rawShape: contest.shape,
      lane: summaryOf(runs.lane), ...(runs.naive.length === 0 ? {} : { naive: summaryOf(runs.naive) }), raw: summaryOf(runs.raw),
      ratio: rounded(median(ratios), 3), ratios: ratios.map((ratio) => rounded(ratio, 3)), loadAverage: rounded(loadavg()[0] as number, 2),
    };
  } finally {
    await contest.close();
    await bench.close();
  }
}

class Contest {
  readonly #bench: BenchStack;
  readonly #options: LaneOptions;
  readonly #document: (number: number) => BenchDocument;
  readonly #ground: LaneGround;
  shape: RawShape = RAW_SHAPES[0] as RawShape;

  constructor(bench: BenchStack, options: LaneOptions, document: (number: number) => BenchDocument) {
    this.#bench = bench;
    this.#options = options;
    this.#document = document;
    this.#ground = new LaneGround(bench.config);
  }

  async prepare(): Promise<void> {
    this.#options.say(`filling ${this.#ground.topic} with ${this.#options.documents} records`);
    await fillTopic(this.#bench.config, REGION, this.#document, this.#options.documents);
    await this.#searchShape();
  }

  async run(): Promise<{ lane: Figures[]; raw: Figures[]; naive: Figures[] }> {
    const { documents, rounds, naive, say } = this.#options;
    const bodies = rawBodies(this.#document, documents, () => this.#ground.index, this.shape.operations);
    const runs = { lane: [] as Figures[], raw: [] as Figures[], naive: [] as Figures[] };
    for (let round = 1; round <= rounds; round += 1) {
      await this.#ground.fresh();
      runs.raw.push(await runRaw(this.#ground.node, bodies, documents, this.shape.connections));
      say(`round ${round}: raw ${show(runs.raw)}`);
      await this.#ground.fresh();
      runs.lane.push(await this.#runLane());
      say(`round ${round}: lane ${show(runs.lane)}`);
      if (!naive) continue;
      await this.#ground.fresh();
      runs.naive.push(await this.#runNaive());
      say(`round ${round}: naive ${show(runs.naive)}`);
    }
    return runs;
  }

  /** Warms Elasticsearch up, then takes the shape that it is fastest with. */
  async #searchShape(): Promise<void> {
    const sample = Math.min(this.#options.documents, WARM_UP);
    const rates: [RawShape, number][] = [];
    for (const shape of [RAW_SHAPES[0] as RawShape, ...RAW_SHAPES]) {
      await this.#ground.fresh();
      const { docsPerSecond } = await runRaw(this.#ground.node, rawBodies(this.#document, sample, () => this.#ground.index, shape.operations), sample, shape.connections);
      this.#options.say(`raw ${shape.operations} × ${shape.connections}: ${docsPerSecond.toFixed(0)} documents/s`);
      rates.push([shape, docsPerSecond]);
    }
    this.shape = rates.slice(1).reduce((best, next) => (next[1] > best[1] ? next : best))[0];
  }

  async #runLane(): Promise<Figures> {
    const began = Date.now();
    const child = await startChild(['process', '--lane', BENCH_LANE, '--config', this.#bench.configFile], this.#options.nodeOptions);
    const cpuBefore = child.cpuSeconds();
    const limit = Date.now() + RUN_LIMIT_MS;
    while ((await settledOf(child)) < this.#options.documents) {
      if (Date.now() > limit) throw new Error('the lane did not finish');
      await sleep(POLL_MS);
    }
    const cpu = child.cpuSeconds() - cpuBefore;
    const peakRssMiB = child.peakRssMiB();
    await child.stop();
    const span = await this.#span(began);
    return { docsPerSecond: this.#options.documents / span, cpuSecondsPerMillion: (cpu / this.#options.documents) * 1e6, peakRssMiB };
  }

  async close(): Promise<void> {
    await this.#ground.close();
  }

  async #span(began: number): Promise<number> {
    const { seconds, applied } = await this.#ground.settledSince(began);
    if (applied < this.#options.documents) throw new Error(`batch metadata tells of ${applied} applied operations, not ${this.#options.documents}`);
    return seconds;
  }

  async #runNaive(): Promise<Figures> {
    const brokers = (this.#bench.config.regions[REGION]?.kafka.brokers ?? []).join(',');
    const child = fork(fileURLToPath(new URL('naive-child.ts', import.meta.url)), [brokers, this.#ground.node, this.#ground.topic, this.#ground.index, String(this.#options.documents)], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    const messages: unknown[] = [];
    child.on('message', (message) => messages.push(message));
    const [code] = (await once(child, 'exit')) as [number | null];
    if (messages.length < 2) throw new Error(`the naive program ended with ${code} before it was done`);
    return messages[1] as Figures;
  }
}

function show(runs: readonly Figures[]): string {
  const last = runs.at(-1) as Figures;
  return `${last.docsPerSecond.toFixed(0)} documents/s, ${last.cpuSecondsPerMillion.toFixed(2)} CPU-s per million${Number.isFinite(last.peakRssMiB) ? `, ${last.peakRssMiB.toFixed(0)} MiB` : ''}`;
}
