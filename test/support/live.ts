import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { stringify } from 'yaml';
import { configSchema, type Config, type ConfigInput } from '../../src/config/schema.ts';
import { removeRun } from '../../src/demo/clean-up.ts';
import { runPrefix } from '../../src/demo/run-config.ts';
import { openRegionLog, openRegionSearch } from '../../src/main/connections.ts';
import { runSetup } from '../../src/main/setup.ts';
import type { Json } from '../../src/ports/search-index.ts';
import type { Endpoints } from '../../src/stack/stack.ts';
import { testEndpoints } from './stack.ts';

export const SILENT = pino({ level: 'silent' });
/** Quick to notice and to commit: tests await conditions. */
const FAST = { commitIntervalMs: 200, probeMs: 200, retryMinMs: 50, retryMaxMs: 500, batchAgeMs: 5, sessionTimeoutMs: 6_000 };

/** An installation of its own on the shared servers: topics, templates, indices under one prefix. */
export interface Installation {
  readonly config: Config;
  /** The same configuration, for processes. */
  readonly configFile: string;
  /** A document as it is stored, or null; asks the server directly, so no refresh is needed. */
  document(region: string, index: string, id: string): Promise<{ version: number; source: Json } | null>;
  /** Every document of an alias or pattern, after a refresh; at most 10,000. */
  search(region: string, pattern: string, query?: Json): Promise<{ id: string; index: string; version: number; source: Json }[]>;
  committed(region: string, group: string): Promise<number>;
  call(region: string, method: 'GET' | 'PUT' | 'POST' | 'DELETE', path: string, body?: Json): Promise<Json>;
  remove(): Promise<void>;
}

/** Sets up an installation; `overrides` are merged into its configuration at the top level. */
export async function install(overrides: Record<string, unknown> = {}, given?: Endpoints): Promise<Installation> {
  const endpoints = given ?? (await testEndpoints());
  const raw = {
    prefix: runPrefix(), regions: unguarded(endpoints.regions), source: { kafka: endpoints.source }, pipelines: ['sold-items'],
    topics: { partitions: 4 }, indices: { ahead: 0, behind: 0 }, processor: FAST, ingest: { commitIntervalMs: 200, retryMs: 200 }, heartbeats: { everyMs: 0 }, ...overrides,
  };
  const config = configSchema.parse(raw);
  const folder = mkdtempSync(join(tmpdir(), 'sluice-test-'));
  const configFile = join(folder, 'sluice.config.yaml');
  writeFileSync(configFile, stringify(raw));
  const report = await runSetup(config, SILENT);
  if (!report.ok) throw new Error(`setup failed: ${JSON.stringify(report)}`);
  return installationOf(config, configFile, folder);
}

/** Tests ask the cluster all the time: that must not slow the lanes down. */
export function unguarded(regions: Endpoints['regions']): ConfigInput['regions'] {
  return Object.fromEntries(Object.entries(regions).map(([name, region]) => [name, { ...region, rate: { searchFactor: 0 } }]));
}

function installationOf(config: Config, configFile: string, folder: string): Installation {
  const clusters = new Map(Object.keys(config.regions).map((region) => [region, openRegionSearch(config, region)]));
  const clusterOf = (region: string) => clusters.get(region) as NonNullable<ReturnType<typeof clusters.get>>;
  return {
    config, configFile,
    document: async (region, index, id) => {
      const { status, body } = await clusterOf(region).call('GET', `/${index}/_doc/${encodeURIComponent(id)}`, undefined, { okStatuses: [404] });
      return status === 404 ? null : { version: body['_version'] as number, source: body['_source'] as Json };
    },
    search: async (region, pattern, query = { match_all: {} }) => {
      await clusterOf(region).call('POST', `/${pattern}/_refresh?ignore_unavailable=true`);
      const { body } = await clusterOf(region).call('POST', `/${pattern}/_search?ignore_unavailable=true`, { size: 10_000, version: true, query });
      return (body['hits'] as { hits: { _id: string; _index: string; _version: number; _source: Json }[] }).hits.map(({ _id, _index, _version, _source }) => ({ id: _id, index: _index, version: _version, source: _source }));
    },
    committed: async (region, group) => {
      const admin = openRegionLog(config, region, SILENT).admin();
      const positions = await admin.committed(`${config.prefix}${group}`, (await admin.listTopics()).filter((topic) => topic.startsWith(config.prefix)));
      await admin.close();
      return positions.reduce((sum, position) => sum + position.offset, 0);
    },
    call: async (region, method, path, body) => (await clusterOf(region).call(method, path, body)).body,
    remove: async () => {
      await removeRun(config, SILENT);
      await Promise.all([...clusters.values()].map((cluster) => cluster.close()));
      rmSync(folder, { recursive: true });
    },
  };
}
