import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { pino } from 'pino';
import { stringify } from 'yaml';
import { openDuckDb } from '../src/adapters/duckdb/open.ts';
import { systemClock } from '../src/adapters/system-clock.ts';
import { keysOf } from '../src/backfill/keys.ts';
import { sharedBlocks } from '../src/backfill/load.ts';
import { groupsOf } from '../src/backfill/manifest.ts';
import { configSchema, type Config } from '../src/config/schema.ts';
import { decodeEnvelope, ENVELOPE_HEADER } from '../src/domain/envelope.ts';
import { openCycle } from '../src/main/backfill-load.ts';
import { openRegionSearch } from '../src/main/connections.ts';
import { openObjectStore } from '../src/main/object-store.ts';
import { documentsIn, periodsOf } from '../src/proof/read-region.ts';
import { fillWarehouse, FIRST_DAY, LAST_DAY } from './backfill-warehouse.ts';
import { openBenchStack, type BenchStack } from './bench-stack.ts';
import { runCommand } from './command.ts';
import { openConnector, type Connector } from './connector.ts';
import { FIRST_SHAPE, runRaw } from './raw-limit.ts';
import { median, rounded } from './statistics.ts';

const REGION = 'west';
const CYCLE = 'bench';
const FAMILY = 'sold-items';
/** Documents that are posted raw: their bodies lie in memory. */
const MOST_RAW = 300_000;
const ORIGIN = ',"origin":{"role":"backfill","code":"0.1.0","host_group":"default","cycle":"bench"}}';

export interface BackfillBenchOptions {
  readonly stackFile: string | undefined;
  readonly rows: number;
  readonly rounds: number;
  /** Whether Spark with Elasticsearch's connector writes the same rows as well. */
  readonly connector: boolean;
  /** For the load that is measured. */
  readonly nodeOptions: readonly string[];
  readonly say: (line: string) => void;
}

/** An extract in the object store → an index through `sluice backfill load`, against the raw `_bulk` limit with the same documents and, where asked for, against Spark, in turn. */
export async function benchBackfill(options: BackfillBenchOptions): Promise<Record<string, unknown>> {
  const { stackFile, rows, rounds, say } = options;
  const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-'));
  const bench = await openBenchStack({ stackFile, only: ['kafka-west', 'elasticsearch-west', 'object-store'], withStore: true, overrides: { pipelines: [FAMILY], indices: { refreshInterval: '30s' }, warehouse: { directory: join(folder, 'warehouse') } }, say });
  try {
    const contest = new Contest(bench, folder, options);
    await contest.prepare(options.connector);
    const raw: number[] = [];
    const loads: Load[] = [];
    const connectors: ConnectorLoad[] = [];
    for (let round = 1; round <= rounds; round += 1) {
      raw.push(await contest.raw());
      loads.push(await contest.load());
      say(`round ${round}: raw ${raw.at(-1)?.toFixed(0)} documents/s, load ${loads.at(-1)?.rowsPerSecond.toFixed(0)} rows/s`);
      if (!options.connector) continue;
      connectors.push(await contest.connector());
      say(`round ${round}: connector ${connectors.at(-1)?.rowsPerSecond.toFixed(0)} rows/s`);
    }
    return {
      bench: 'backfill', rows, rounds, ...summaryOf(loads, raw), rawDocsPerSecond: rounded(median(raw), 0), loadAverage: rounded(loadavg()[0] as number, 2),
      ...(connectors.length === 0 ? {} : { connector: { ...summaryOf(connectors, raw), startCpuSeconds: rounded(median(connectors.map((run) => run.startCpuSeconds)), 1) } }),
    };
  } finally {
    await bench.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Load { readonly rowsPerSecond: number; readonly cpuSecondsPerMillion: number; readonly peakRssMiB: number }
/** Spark's start, which takes as long for any number of rows, stands apart. */
interface ConnectorLoad extends Load { readonly startCpuSeconds: number }

function summaryOf(loads: readonly Load[], raw: readonly number[]): Record<string, number> {
  return {
    rowsPerSecond: rounded(median(loads.map((load) => load.rowsPerSecond)), 0), ratio: rounded(median(loads.map(({ rowsPerSecond }, at) => rowsPerSecond / (raw[at] as number))), 3),
    cpuSecondsPerMillion: rounded(median(loads.map((load) => load.cpuSecondsPerMillion)), 2), peakRssMiB: rounded(Math.max(...loads.map((load) => load.peakRssMiB)), 0),
  };
}

class Contest {
  readonly #config: Config;
  readonly #configFile: string;
  readonly #folder: string;
  readonly #rows: number;
  readonly #nodeOptions: readonly string[];
  readonly #say: (line: string) => void;
  #connector: Connector | null = null;
  #bodies: Buffer[] = [];
  #posted = 0;

  constructor({ config }: BenchStack, folder: string, { rows, nodeOptions, say }: BackfillBenchOptions) {
    // One region: what the other one does is not what is measured.
    const raw = { ...config, regions: { [REGION]: config.regions[REGION] } };
    this.#configFile = join(folder, 'sluice.config.yaml');
    writeFileSync(this.#configFile, stringify(raw));
    this.#config = configSchema.parse(raw);
    this.#folder = folder;
    this.#rows = rows;
    this.#nodeOptions = nodeOptions;
    this.#say = say;
  }

  async prepare(withConnector: boolean): Promise<void> {
    this.#say(`a warehouse of ${this.#rows} rows`);
    const engine = await openDuckDb({ threads: 2, memoryLimit: '1GB', spillFolder: join(this.#folder, 'spill') });
    await fillWarehouse(engine, join(this.#folder, 'warehouse'), this.#rows).finally(() => engine.close());
    await runCommand(this.#configFile, ['backfill', 'plan', 'missed-events', '--from', FIRST_DAY, '--to', LAST_DAY, '--cycle', CYCLE]);
    await runCommand(this.#configFile, ['backfill', 'extract', CYCLE]);
    if (withConnector) this.#connector = await openConnector(this.#config, { region: REGION, cycle: CYCLE, family: FAMILY, scratch: join(this.#folder, 'spark'), say: this.#say });
    await this.#makeBodies();
    this.#say(`raw, to warm up: ${(await this.raw()).toFixed(0)} documents/s`);
    this.#say(`raw, to warm up: ${(await this.raw()).toFixed(0)} documents/s`);
  }

  /** Documents a second of the bodies made beforehand. */
  async raw(): Promise<number> {
    await this.#fresh();
    const [node = ''] = this.#config.regions[REGION]?.elasticsearch.nodes ?? [];
    return (await runRaw(node, this.#bodies, this.#posted, FIRST_SHAPE.connections)).docsPerSecond;
  }

  async load(): Promise<Load> {
    await this.#fresh();
    await this.#forgetLoad();
    const { cpuSeconds, peakRssMiB } = await runCommand(this.#configFile, ['backfill', 'load', CYCLE], this.#nodeOptions);
    const seconds = await this.#span();
    return { rowsPerSecond: this.#rows / seconds, cpuSecondsPerMillion: (cpuSeconds / this.#rows) * 1e6, peakRssMiB };
  }

  /** The rows of the load that was just measured. Rejects where its documents are not there again, each with its version. */
  async connector(): Promise<ConnectorLoad> {
    if (this.#connector === null) throw new Error('the connector was not asked for');
    const expected = await this.#versions();
    await this.#fresh();
    const { seconds, cpuSeconds, startCpuSeconds, peakRssMiB } = await this.#connector.write();
    const written = await this.#versions();
    if (written.size !== this.#rows || !isDeepStrictEqual(written, expected)) throw new Error(`the connector wrote ${written.size} of ${this.#rows} rows, or not with the versions of the load`);
    return { rowsPerSecond: this.#rows / seconds, cpuSecondsPerMillion: (cpuSeconds / this.#rows) * 1e6, startCpuSeconds, peakRssMiB };
  }

  /** Of every document, by day and id. */
  async #versions(): Promise<Map<string, number>> {
    const search = openRegionSearch(this.#config, REGION);
    const base = `${this.#config.prefix}${FAMILY}`;
    const versions = new Map<string, number>();
    for (const period of await periodsOf(search, base)) {
      for await (const { id, version } of documentsIn(search, `${base}-${period}`)) versions.set(`${period} ${id}`, version);
    }
    await search.close();
    return versions;
  }

  /** From the first batch's opening to the last one's settling. */
  async #span(): Promise<number> {
    const search = openRegionSearch(this.#config, REGION);
    try {
      const pattern = `/${this.#config.prefix}sluice-batches-*`;
      await search.call('POST', `${pattern}/_refresh`);
      const { body } = await search.call('POST', `${pattern}/_search`, { size: 0, aggs: { from: { min: { field: 'start_time' } }, to: { max: { field: 'end_time' } }, applied: { sum: { field: 'counts.applied' } } } });
      const { from, to, applied } = body['aggregations'] as Record<string, { value: number }>;
      if (applied?.value !== this.#rows) throw new Error(`the load applied ${applied?.value} of ${this.#rows} rows`);
      return ((to?.value ?? 0) - (from?.value ?? 0)) / 1_000;
    } finally {
      await search.close();
    }
  }

  /** Indices with nothing in them. */
  async #fresh(): Promise<void> {
    const search = openRegionSearch(this.#config, REGION);
    for (const family of [FAMILY, 'sluice-batches']) {
      const { body } = await search.call('GET', `/${this.#config.prefix}${family}-*/_alias`);
      for (const index of Object.keys(body)) await search.call('DELETE', `/${index}`);
    }
    for (let day = new Date(FIRST_DAY); day <= new Date(LAST_DAY); day = new Date(day.getTime() + 86_400_000)) await search.call('PUT', `/${this.#config.prefix}${FAMILY}-${day.toISOString().slice(0, 10).replaceAll('-', '.')}`);
    await search.close();
  }

  async #forgetLoad(): Promise<void> {
    const store = openObjectStore(this.#config);
    for await (const { key } of store.list(keysOf(this.#config.backfill.prefix, CYCLE).dones(REGION))) await store.remove(key);
    await store.close();
  }

  async #makeBodies(): Promise<void> {
    const store = openObjectStore(this.#config);
    const { parts, pipeline } = await openCycle(this.#config, CYCLE, store, pino({ level: 'silent' }));
    const blocks = sharedBlocks(parts, { pipelines: [pipeline], prefix: this.#config.prefix, host: 'bench', clock: systemClock });
    const { operations } = FIRST_SHAPE;
    let lines: string[] = [];
    const close = (): void => {
      if (lines.length > 0) this.#bodies.push(Buffer.from(`${lines.join('\n')}\n`));
      lines = [];
    };
    for (const group of groupsOf(parts.manifest)) {
      if (this.#posted >= MOST_RAW) break;
      const block = await blocks.read(group);
      for (let at = 0; at < block.count; at += 1) {
        const envelope = decodeEnvelope(block.header(at, ENVELOPE_HEADER) ?? Buffer.alloc(0));
        lines.push(JSON.stringify({ index: { _index: `${this.#config.prefix}${FAMILY}-${group.file.day.replaceAll('-', '.')}`, version_type: 'external', _id: envelope?.id, version: envelope?.version } }), `${block.value(at)?.toString('utf8').slice(0, -1)}${ORIGIN}`);
        this.#posted += 1;
        if (lines.length === 2 * operations) close();
      }
    }
    close();
    await store.close();
  }
}
