import { setTimeout as sleep } from 'node:timers/promises';
import { originSuffix } from '../src/domain/origin.ts';
import { codeVersion } from '../src/main/code-version.ts';
import type { BenchStack } from './bench-stack.ts';
import { startChild } from './child.ts';
import { documentsFrom, indexOf, type BenchDocuments } from './documents.ts';
import type { Figures } from './figures.ts';
import { fillTopic } from './fill.ts';
import { BENCH_LANE, elasticsearchCpuSeconds, LaneGround, REGION } from './lane-ground.ts';
import { bestShape, FIRST_SHAPE, rawBodies, runRaw, type RawShape } from './raw-limit.ts';
import { runTethered } from './tethered.ts';

/** Documents of one measurement while the best shape is searched. */
const SAMPLE = 200_000;
/** Elasticsearch is warm when its rate grows no more than this, and after so many tries in any case. */
const WARM = 1.05;
const MAX_WARM_UPS = 6;
const RUN_LIMIT_MS = 600_000;
const POLL_MS = 250;

export interface ContestOptions {
  readonly documents: number;
  /** A file of real sales instead of the generated documents. */
  readonly input: string | undefined;
  /** Of the raw limit; searched where none is given. */
  readonly shape: RawShape | undefined;
  readonly nodeOptions: readonly string[];
  readonly say: (line: string) => void;
}

/** The contestants of the lane benches, on the same documents, index by index and version by version. */
export class Contest {
  readonly ground: LaneGround;
  readonly #bench: BenchStack;
  readonly #options: ContestOptions;
  readonly #documents: BenchDocuments;
  #bodies: Buffer[] = [];
  shape: RawShape = FIRST_SHAPE;

  constructor(bench: BenchStack, options: ContestOptions, documents: BenchDocuments) {
    const { prefix } = bench.config;
    const indices = new Set(Array.from({ length: options.documents }, (_, number) => indexOf(prefix, documents.pipeline, documents.of(number).routingTime)));
    this.#bench = bench;
    this.#options = options;
    this.#documents = documents;
    this.ground = new LaneGround(bench.config, documents.pipeline.name, [...indices]);
  }

  /** Fills the topic, warms Elasticsearch up, and finds the shape that it is fastest with. */
  async prepare(): Promise<void> {
    this.#options.say(`filling ${this.ground.topic} with ${this.#options.documents} records`);
    await this.fill();
    await this.#warmUp();
    this.prepareShape(this.#options.shape ?? (await bestShape((shape) => this.#sample(shape))));
  }

  /** Makes the raw bodies of that shape. */
  prepareShape(shape: RawShape): void {
    this.shape = shape;
    this.#bodies = this.#bodiesOf(this.#options.documents, shape);
  }

  async fill(): Promise<void> {
    await fillTopic(this.#bench.config, REGION, this.#documents.of, this.#options.documents);
  }

  raw(): Promise<Figures> {
    return this.#weighed(() => runRaw(this.ground.node, this.#bodies, this.#options.documents, this.shape.connections));
  }

  lane(): Promise<Figures> {
    return this.#weighed(() => this.#lane());
  }

  naive(): Promise<Figures> {
    return this.#weighed(() => this.#naive());
  }

  async close(): Promise<void> {
    await this.ground.close();
  }

  /** One run on empty indices, with what it cost Elasticsearch. */
  async #weighed(run: () => Promise<Figures>): Promise<Figures> {
    await this.ground.fresh();
    const before = await elasticsearchCpuSeconds(this.ground.search);
    const figures = await run();
    const used = (await elasticsearchCpuSeconds(this.ground.search)) - before;
    return { ...figures, elasticsearchCpuSecondsPerMillion: (used / this.#options.documents) * 1e6 };
  }

  async #lane(): Promise<Figures> {
    const began = Date.now();
    const child = await startChild(['process', '--lane', BENCH_LANE, '--config', this.#bench.configFile], this.#options.nodeOptions);
    try {
      const cpuBefore = child.cpuSeconds();
      await this.#committed();
      const cpu = child.cpuSeconds() - cpuBefore;
      const peakRssMiB = child.peakRssMiB();
      const { seconds, applied } = await this.ground.settledSince(began);
      const { documents } = this.#options;
      if (applied < documents) throw new Error(`batch metadata tells of ${applied} applied operations, not ${documents}`);
      return { docsPerSecond: documents / seconds, cpuSecondsPerMillion: (cpu / documents) * 1e6, peakRssMiB };
    } finally {
      await child.stop();
    }
  }

  async #naive(): Promise<Figures> {
    const brokers = (this.#bench.config.regions[REGION]?.kafka.brokers ?? []).join(',');
    const [index, ...others] = this.ground.indices;
    if (index === undefined || others.length > 0) throw new Error('the naive program writes to one index');
    return (await runTethered(new URL('naive-child.ts', import.meta.url), [brokers, this.ground.node, this.ground.topic, index, String(this.#options.documents)])) as Figures;
  }

  async #committed(): Promise<void> {
    for (const limit = Date.now() + RUN_LIMIT_MS; (await this.ground.committed()) < this.#options.documents; await sleep(POLL_MS)) {
      if (Date.now() > limit) throw new Error('the lane did not finish');
    }
  }

  async #warmUp(): Promise<void> {
    let best = 0;
    for (let tries = 0; tries < MAX_WARM_UPS; tries += 1) {
      const rate = await this.#sample(FIRST_SHAPE);
      if (rate < best * WARM) return;
      best = rate;
    }
  }

  async #sample(shape: RawShape): Promise<number> {
    const count = Math.min(this.#options.documents, SAMPLE);
    await this.ground.fresh();
    const { docsPerSecond } = await runRaw(this.ground.node, this.#bodiesOf(count, shape), count, shape.connections);
    this.#options.say(`raw ${shape.operations} × ${shape.connections}: ${docsPerSecond.toFixed(0)} documents/s`);
    return docsPerSecond;
  }

  #bodiesOf(count: number, shape: RawShape): Buffer[] {
    const { config } = this.#bench;
    const { pipeline, of } = this.#documents;
    const suffix = originSuffix({ role: 'primary', code: codeVersion(), host_group: config.host.group }).toString();
    return rawBodies(of, count, (number) => indexOf(config.prefix, pipeline, of(number).routingTime), shape.operations, suffix);
  }
}

/** A contest on its own documents, or on those of the input. */
export async function openContest(bench: BenchStack, options: ContestOptions): Promise<Contest> {
  return new Contest(bench, options, await documentsFrom(options.input));
}
