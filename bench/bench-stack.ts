import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { stringify } from 'yaml';
import { configSchema, type Config } from '../src/config/schema.ts';
import { runSetup } from '../src/main/setup.ts';
import { readEndpoints } from '../src/stack/config-file.ts';
import { startStack, type Endpoints, type Stack } from '../src/stack/stack.ts';

/** Real servers for one bench, with topics, templates and indices of its own. */
export interface BenchStack {
  readonly config: Config;
  /** The same configuration as a file, for child processes. */
  readonly configFile: string;
  /** Null where the servers were given. */
  readonly stack: Stack | null;
  close(): Promise<void>;
}

export interface BenchStackOptions {
  /** Configuration file of a running stack; without it one is started. */
  readonly stackFile: string | undefined;
  /** Servers to start, by name; all when absent. */
  readonly only?: readonly string[];
  /** An object store beside the others. */
  readonly withStore?: boolean;
  readonly overrides?: Partial<Record<keyof Config, unknown>>;
  /** Settings that every region gets beside its addresses. */
  readonly ofRegions?: Readonly<Record<string, unknown>>;
  readonly say: (line: string) => void;
  /** Told when the servers answer. */
  readonly onStack?: () => void;
}

export async function openBenchStack({ stackFile, only, withStore = false, overrides, ofRegions = {}, say, onStack }: BenchStackOptions): Promise<BenchStack> {
  const stack = stackFile === undefined ? await startStack({ with: withStore ? ['object-store'] : [], ...(only === undefined ? {} : { only }), onProgress: (progress) => say(JSON.stringify(progress)) }) : null;
  onStack?.();
  const endpoints: Endpoints = stack?.endpoints ?? readEndpoints(stackFile as string);
  const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-'));
  const configFile = join(folder, 'sluice.config.yaml');
  const prefix = `bench-${randomBytes(3).toString('hex')}.`;
  const objectStore = withStore ? { objectStore: { ...endpoints.objectStore, prefix: `${prefix}/` } } : {};
  const raw = { prefix, ...objectStore, regions: Object.fromEntries(Object.entries(endpoints.regions).map(([name, region]) => [name, { ...region, ...ofRegions }])), source: { kafka: endpoints.source }, ...overrides };
  writeFileSync(configFile, stringify(raw));
  const config = configSchema.parse(raw);
  const report = await runSetup(config, pino({ level: 'silent' }));
  if (!report.ok) throw new Error(`setup failed: ${JSON.stringify(report)}`);
  return { config, configFile, stack, close: async () => { rmSync(folder, { recursive: true }); await stack?.down(); } };
}
