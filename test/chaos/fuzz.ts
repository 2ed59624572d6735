import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { lanesBetween } from '../../src/domain/lane.ts';
import { regionalTopicOf } from '../../src/domain/pipeline.ts';
import { readReferenceIds } from '../../src/inputs/generate/reference.ts';
import { OWN_REFERENCE } from '../../src/lookups/lookups.ts';
import { documentsIn, periodsOf } from '../../src/proof/read-region.ts';
import { REGIONS, startCluster, type Cluster } from './cluster.ts';
import { Feeder, type Addressed } from './feeder.ts';
import { fuzzedRecords, plausibleTimestamps, type Neighbour } from './fuzz-records.ts';
import { PIPELINES } from './history.ts';
import { sketchOf } from './model.ts';
import { seqOf, TopicsReader } from './topics-reader.ts';
import { Watcher } from './watcher.ts';
import { Findings } from './oracle.ts';

export interface FuzzRunOptions {
  readonly records: number;
  readonly seed: number;
  readonly rate: number;
  readonly folder: string;
  readonly onProgress: (text: string) => void;
  readonly signal: AbortSignal;
}

/** What a run over mutated records found out. */
export interface FuzzReport {
  readonly ok: boolean;
  readonly seed: number;
  readonly records: number;
  /** Records of which it is not known what became. */
  readonly unaccounted: number;
  readonly neighbours: number;
  /** Sound records that are not as they should be, over both regions. */
  readonly harmed: number;
  readonly deaths: readonly string[];
  /** Failure documents, by region. */
  readonly failures: Readonly<Record<string, number>>;
  /** Indices of documents, by region: each wild time makes one. */
  readonly indices: Readonly<Record<string, number>>;
  /** Most resident memory that each process had, MiB. */
  readonly peakMemoryMiB: Readonly<Record<string, number>>;
  readonly quiet: boolean;
  readonly seconds: number;
  readonly examples: readonly string[];
}

const FLEET = { ingest: 1, primary: 1, secondary: 1 };
const LAG_MS = 1_000;
/** Nobody got further for so long: something holds. */
const STALL_MS = 120_000;
const MAX_MEMORY_MIB = 700;
const MAX_EXAMPLES = 10;

/** Mutated records through the real pipeline on real servers, without any fault. */
export async function runFuzz(options: FuzzRunOptions): Promise<FuzzReport> {
  const cluster = await startCluster({ folder: options.folder, size: FLEET, random: () => 0, onProgress: options.onProgress, signal: options.signal, nodeOptions: [], env: {} });
  try {
    return await new FuzzRun(cluster, options).run();
  } finally {
    options.onProgress('stopping everything');
    await cluster.close();
  }
}

class FuzzRun {
  readonly #cluster: Cluster;
  readonly #options: FuzzRunOptions;
  readonly #neighbours: Neighbour[] = [];
  readonly #examples: string[] = [];
  readonly #watcher: Watcher;
  #fromSource = 0;
  readonly #peaks = new Map<string, number>();

  constructor(cluster: Cluster, options: FuzzRunOptions) {
    this.#cluster = cluster;
    this.#options = options;
    this.#watcher = new Watcher(cluster, new Findings(), []);
  }

  async run(): Promise<FuzzReport> {
    const started = performance.now();
    this.#cluster.fleet.start();
    const feeder = new Feeder({ records: this.#records(await readReferenceIds(OWN_REFERENCE)), perSecond: this.#options.rate, log: (name) => this.#cluster.log(name) });
    const [, quiet] = await Promise.all([feeder.run(this.#options.signal), this.#untilQuiet(() => feeder.taken)]);
    this.#options.onProgress('judging');
    const unaccounted = (await this.#unaccountedAtIngest()) + (await this.#unaccountedInLanes());
    const harmed = await this.#harmed();
    await this.#watcher.close();
    const { seed } = this.#options;
    const report = {
      seed, records: feeder.taken, unaccounted, neighbours: this.#neighbours.length, harmed, deaths: this.#cluster.fleet.deaths, failures: await this.#countOf('sluice-failures'),
      indices: await this.#indices(), peakMemoryMiB: Object.fromEntries(this.#peaks), quiet, seconds: Math.round((performance.now() - started) / 1_000), examples: this.#examples,
    };
    return { ok: quiet && unaccounted === 0 && harmed === 0 && report.deaths.length === 0 && this.#peak() <= MAX_MEMORY_MIB, ...report };
  }

  *#records(reference: Parameters<typeof fuzzedRecords>[0]): Generator<Addressed> {
    const { records: count, seed } = this.#options;
    for (const { to, record, neighbour } of fuzzedRecords(reference, { seed, count, regions: REGIONS, prefix: this.#cluster.config.prefix, timestamps: plausibleTimestamps(Date.now()) })) {
      if (to === 'source') this.#fromSource += 1;
      if (neighbour !== null) this.#neighbours.push(neighbour);
      yield { to, record };
    }
  }

  /** False where nobody gets on any more. */
  async #untilQuiet(taken: () => number): Promise<boolean> {
    let last: number | null = null;
    let [movedAt, calm] = [performance.now(), 0];
    for (let second = 0; calm < 2; second += 1) {
      await sleep(LAG_MS);
      // A broker that has just started cannot always say.
      const lag = await this.#watcher.lag().catch(() => null);
      this.#measure();
      if (second % 10 === 0) this.#options.onProgress(`${taken()} records, ${lag ?? '?'} to be done, up to ${this.#peak()} MiB`);
      if (taken() < this.#options.records && !this.#options.signal.aborted) movedAt = performance.now();
      else calm = lag === 0 ? calm + 1 : 0;
      if (lag !== last) movedAt = performance.now();
      last = lag;
      if (performance.now() - movedAt > STALL_MS) return false;
    }
    return true;
  }

  #measure(): void {
    for (const [name, pid] of this.#cluster.fleet.pids) this.#peaks.set(name, Math.max(this.#peaks.get(name) ?? 0, peakMiB(pid)));
  }

  #peak(): number {
    return Math.max(0, ...this.#peaks.values());
  }

  /** Each source record gave each region exactly one record: a document or a failure. More than one is a repeat, which is harmless. */
  async #unaccountedAtIngest(): Promise<number> {
    let missing = 0;
    for (const region of REGIONS) {
      let made = 0;
      const topics = [...PIPELINES, 'failures'].map((pipeline) => regionalTopicOf(this.#cluster.config.prefix, pipeline));
      const reader = new TopicsReader(this.#cluster.log(region), topics, (block, index) => { if (seqOf(block, index) === null) made += 1; });
      await reader.readToEnd(this.#options.signal);
      await reader.close();
      if (made < this.#fromSource) this.#note(`${region} was given ${made} records for ${this.#fromSource} of the source`);
      missing += Math.max(0, this.#fromSource - made);
    }
    return missing;
  }

  async #unaccountedInLanes(): Promise<number> {
    let missing = 0;
    for (const { source, destination, name } of lanesBetween(REGIONS)) {
      const topics = [...PIPELINES, 'failures'].map((pipeline) => regionalTopicOf(this.#cluster.config.prefix, pipeline));
      const admin = this.#cluster.log(source).admin();
      const records = (await admin.ranges(topics)).reduce((sum, { earliest, latest }) => sum + latest - earliest, 0);
      await admin.close();
      const booked = await this.#booked(destination, name);
      if (booked < records) this.#note(`${name} booked an outcome for ${booked} of ${records} records`);
      missing += Math.max(0, records - booked);
    }
    return missing;
  }

  async #booked(region: string, lane: string): Promise<number> {
    const search = this.#cluster.search(region);
    const base = `${this.#cluster.config.prefix}sluice-batches`;
    let booked = 0;
    for (const period of await periodsOf(search, base)) {
      for await (const { source } of documentsIn(search, `${base}-${period}`)) {
        const counts = source['counts'] as Readonly<Record<string, number>>;
        if (source['lane'] === lane) booked += Object.values(counts).reduce((sum, count) => sum + count, 0);
      }
    }
    return booked;
  }

  async #harmed(): Promise<number> {
    const expected = new Map(this.#neighbours.map(({ key, sketch }) => [key, sketch]));
    const index = [...expected.keys()][0]?.split('/')[0] ?? '';
    let harmed = 0;
    for (const region of REGIONS) {
      const left = new Map(expected);
      for await (const { id, version, source } of documentsIn(this.#cluster.search(region), `${this.#cluster.config.prefix}${index}`)) {
        const wanted = left.get(`${index}/${id}`);
        const actual = sketchOf(version, source);
        if (wanted?.version === actual.version && wanted.digest === actual.digest) left.delete(`${index}/${id}`);
      }
      for (const key of left.keys()) this.#note(`${region} does not hold ${key} as it was sent`);
      harmed += left.size;
    }
    return harmed;
  }

  async #countOf(base: string): Promise<Record<string, number>> {
    return Object.fromEntries(await Promise.all(REGIONS.map(async (region) => {
      const path = `/${this.#cluster.config.prefix}${base}`;
      await this.#cluster.search(region).call('POST', `${path}/_refresh`);
      return [region, Number((await this.#cluster.search(region).call('GET', `${path}/_count`)).body['count'])] as const;
    })));
  }

  async #indices(): Promise<Record<string, number>> {
    return Object.fromEntries(await Promise.all(REGIONS.map(async (region) => {
      const periods = await Promise.all(PIPELINES.map((pipeline) => periodsOf(this.#cluster.search(region), `${this.#cluster.config.prefix}${pipeline}`)));
      return [region, periods.flat().length] as const;
    })));
  }

  #note(example: string): void {
    if (this.#examples.length < MAX_EXAMPLES) this.#examples.push(example);
  }
}

/** Most memory that a process ever held, MiB; 0 where the system does not tell. */
function peakMiB(pid: number): number {
  try {
    return Math.round(Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1_024);
  } catch {
    // It has just ended, or there is no /proc.
    return 0;
  }
}
