import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { configSchema, type Config } from '../src/config/schema.ts';
import { openSource } from '../src/main/connections.ts';
import type { RecordLog } from '../src/ports/record-log.ts';
import { startStack } from '../src/stack/stack.ts';
import { BENCH_PIPELINE } from './events.ts';
import { createIngestTopics, LOG, NOWHERE } from './ingest-topics.ts';

const REGIONS = ['west', 'east'];

/** A source and the Kafka of two regions. */
export interface IngestStack {
  /** Of both regions. */
  readonly config: Config;
  /** For child processes: with the first region alone, and with both. */
  readonly configFiles: Readonly<Record<'oneRegion' | 'bothRegions', string>>;
  readonly source: RecordLog;
  close(): Promise<void>;
}

export async function openIngestStack(say: (line: string) => void): Promise<IngestStack> {
  const stack = await startStack({ with: ['source'], only: ['kafka-source', 'kafka-west', 'kafka-east'], onProgress: (progress) => say(JSON.stringify(progress)) });
  const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-'));
  const brokers = (region: string): string[] => stack.servers.filter(({ name }) => name === `kafka-${region}`).map(({ url }) => url);
  const prefix = `bench-${randomBytes(3).toString('hex')}.`;
  const write = (name: string, regions: readonly string[]): { file: string; config: Config } => {
    const raw = {
      prefix, source: { kafka: stack.endpoints.source }, pipelines: [BENCH_PIPELINE],
      regions: Object.fromEntries(regions.map((region) => [region, { kafka: { brokers: brokers(region) }, elasticsearch: { nodes: [NOWHERE] } }])),
    };
    const file = join(folder, `${name}.yaml`);
    writeFileSync(file, stringify(raw));
    return { file, config: configSchema.parse(raw) };
  };
  const [one, both] = [write('one', REGIONS.slice(0, 1)), write('both', REGIONS)];
  const { config } = both;
  const source = openSource(config, LOG);
  await createIngestTopics(config, source);
  return {
    config, source, configFiles: { oneRegion: one.file, bothRegions: both.file },
    close: async () => {
      await stack.down();
      rmSync(folder, { recursive: true });
    },
  };
}
