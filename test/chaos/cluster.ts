import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { Config } from '../../src/config/schema.ts';
import { SluiceError } from '../../src/domain/errors.ts';
import { configured } from '../../src/main/configured.ts';
import { openRegionLog, openRegionSearch, openSource } from '../../src/main/connections.ts';
import { runSetup } from '../../src/main/setup.ts';
import { createLog } from '../../src/observability/log.ts';
import type { RecordLog } from '../../src/ports/record-log.ts';
import type { SearchCluster } from '../../src/ports/search-index.ts';
import { freePorts } from '../../src/stack/ports.ts';
import { startStack, type Stack } from '../../src/stack/stack.ts';
import { BulkFaultProxy } from '../support/bulk-fault-proxy.ts';
import { FaultProxy } from '../support/fault-proxy.ts';
import { Fleet, type FleetSize } from './fleet.ts';
import { PIPELINES } from './history.ts';
import { AllSurroundings, hostOf } from './surroundings.ts';

export const REGIONS = ['west', 'east'] as const;
export const KAFKAS = ['kafka-source', 'kafka-west', 'kafka-east'] as const;
/** Removed documents are forgotten this soon, so that only a tombstone keeps an old write from bringing them back. */
const GC_DELETES = '1s';
const PARTITIONS = 4;

/** Short time-outs, so that many faults and recoveries fit into minutes. */
const SETTINGS = {
  pipelines: [...PIPELINES],
  host: { group: 'chaos' },
  topics: { partitions: PARTITIONS },
  kafka: { requestTimeoutMs: 5_000, connectTimeoutMs: 2_000 },
  ingest: { deliveryTimeoutMs: 5_000, retryMs: 500, commitIntervalMs: 500, sessionTimeoutMs: 8_000 },
  processor: { requestTimeoutMs: 10_000, retryMaxMs: 2_000, probeMs: 1_000, commitIntervalMs: 500, sessionTimeoutMs: 8_000 },
};

export interface ClusterOptions {
  /** Where logs and configuration go; kept. */
  readonly folder: string;
  readonly size: FleetSize;
  /** 0 ≤ x < 1: which items are refused. */
  readonly random: () => number;
  readonly nodeOptions: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly onProgress: (text: string) => void;
  readonly signal?: AbortSignal;
}

/** Servers, the bad lines in front of them, and all Sluice processes behind those lines. The run itself goes to the servers directly. */
export class Cluster {
  readonly stack: Stack;
  readonly fleet: Fleet;
  readonly surroundings: AllSurroundings;
  /** Configuration that leads to the servers directly. */
  readonly config: Config;
  readonly configFile: string;
  /** The line to each server, by the server's name. */
  readonly lines: ReadonlyMap<string, FaultProxy>;
  /** What each region's Elasticsearch seems to answer. */
  readonly answers: ReadonlyMap<string, BulkFaultProxy>;
  readonly logs: ReadonlyMap<string, RecordLog>;
  readonly searches: ReadonlyMap<string, SearchCluster>;

  constructor(parts: Pick<Cluster, 'stack' | 'fleet' | 'surroundings' | 'config' | 'configFile' | 'lines' | 'answers' | 'logs' | 'searches'>) {
    this.stack = parts.stack;
    this.fleet = parts.fleet;
    this.surroundings = parts.surroundings;
    this.config = parts.config;
    this.configFile = parts.configFile;
    this.lines = parts.lines;
    this.answers = parts.answers;
    this.logs = parts.logs;
    this.searches = parts.searches;
  }

  line(server: string): FaultProxy { return this.#known(this.lines, server); }
  answersOf(region: string): BulkFaultProxy { return this.#known(this.answers, region); }
  /** Kafka by name: `source` or a region. */
  log(name: string): RecordLog { return this.#known(this.logs, name); }
  search(region: string): SearchCluster { return this.#known(this.searches, region); }

  async close(): Promise<void> {
    await this.fleet.close();
    await Promise.allSettled([...this.lines.values(), ...this.answers.values(), ...this.searches.values()].map((part) => part.close()));
    await this.stack.down();
  }

  #known<Value>(map: ReadonlyMap<string, Value>, name: string): Value {
    const value = map.get(name);
    if (value === undefined) throw new SluiceError('BUG', `there is no ${name} in this cluster`);
    return value;
  }
}

/** Starts five servers, sets them up, and starts every process. */
export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  mkdirSync(options.folder, { recursive: true });
  const doors = await kafkaDoors();
  const stack = await startStack({
    with: ['source'],
    proxied: doors,
    onProgress: ({ server, text }) => options.onProgress(`${server ?? 'stack'}: ${text}`),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  try {
    return await complete(stack, doors, options);
  } catch (error) {
    await stack.down();
    throw error;
  }
}

type Doors = Readonly<Record<string, { readonly listen: number; readonly advertise: number; readonly host: string }>>;

async function kafkaDoors(): Promise<Doors> {
  const ports = await freePorts(2 * KAFKAS.length);
  return Object.fromEntries(KAFKAS.map((name, at) => [name, { listen: ports[2 * at] ?? 0, advertise: ports[2 * at + 1] ?? 0, host: hostOf(name) }]));
}

async function complete(stack: Stack, doors: Doors, options: ClusterOptions): Promise<Cluster> {
  const { lines, answers } = await openLines(stack, doors, options.random);
  const prefix = `chaos-${randomBytes(3).toString('hex')}.`;
  const kafkaAt = (name: string) => ({ brokers: [`${hostOf(name)}:${lines.get(name)?.port}`] });
  const regions = Object.fromEntries(REGIONS.map((region) => [region, {
    kafka: kafkaAt(`kafka-${region}`), elasticsearch: { nodes: [`http://${hostOf(`elasticsearch-${region}`)}:${lines.get(`elasticsearch-${region}`)?.port}`] },
  }]));
  const processConfig = join(options.folder, 'processes.config.yaml');
  writeFileSync(processConfig, stringify({ ...SETTINGS, prefix, regions, source: { kafka: kafkaAt('kafka-source') } }));
  const configFile = join(options.folder, 'direct.config.yaml');
  writeFileSync(configFile, stringify({ ...SETTINGS, prefix, regions: stack.endpoints.regions, source: { kafka: stack.endpoints.source } }));
  const { config } = await configured(configFile);
  const log = createLog({ level: 'silent', service: 'chaos', host: 'chaos', hostGroup: 'chaos' });
  const report = await runSetup(config, log);
  if (!report.ok) throw new SluiceError('STACK_FAILED', `the servers could not be set up: ${JSON.stringify(report)}`);
  const surroundings = new AllSurroundings(options.folder);
  const fleet = new Fleet(REGIONS, options.size, { configFile: processConfig, logFolder: options.folder, nodeOptions: options.nodeOptions, env: options.env, surroundings });
  const searches = new Map(REGIONS.map((region) => [region, openRegionSearch(config, region)]));
  const logs = new Map([['source', openSource(config, log)], ...REGIONS.map((region) => [region, openRegionLog(config, region, log)] as const)]);
  return new Cluster({ stack, fleet, surroundings, config, configFile, lines, answers, logs, searches });
}

async function openLines(stack: Stack, doors: Doors, random: () => number): Promise<{ lines: Map<string, FaultProxy>; answers: Map<string, BulkFaultProxy> }> {
  const lines = new Map(Object.entries(doors).map(([name, { listen, advertise }]) => [name, new FaultProxy(advertise, () => listen)]));
  const answers = new Map<string, BulkFaultProxy>();
  for (const region of REGIONS) {
    const server = `elasticsearch-${region}`;
    const [near = 0, far = 0] = await freePorts(2);
    answers.set(region, new BulkFaultProxy(far, () => stack.servers.find(({ name }) => name === server)?.port ?? 0, random));
    lines.set(server, new FaultProxy(near, () => far));
  }
  await Promise.all([...lines.values(), ...answers.values()].map((proxy) => proxy.open()));
  return { lines, answers };
}

/** Removed documents are forgotten soon in every index there is; indices of later periods want it said again. */
export async function forgetRemovedSoon(cluster: Cluster, region: string): Promise<void> {
  await cluster.search(region).call('PUT', `/${cluster.config.prefix}*/_settings`, { index: { gc_deletes: GC_DELETES } });
}
