import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { configSchema, type Config } from '../src/config/schema.ts';
import { openSource } from '../src/main/connections.ts';
import type { RecordLog } from '../src/ports/record-log.ts';
import { freePorts } from '../src/stack/ports.ts';
import { startStack, type Stack } from '../src/stack/stack.ts';
import { FaultProxy } from '../test/support/fault-proxy.ts';
import { BENCH_PIPELINE } from './events.ts';
import { createIngestTopics, LOG, NOWHERE } from './ingest-topics.ts';

export const REGIONS = ['west', 'east'] as const;
const KAFKAS = ['kafka-source', 'kafka-west', 'kafka-east'] as const;

/** A source and the Kafka of two regions, whose lines can be cut. */
export interface RegionStack {
  readonly config: Config;
  /** The same configuration as a file, for child processes. */
  readonly configFile: string;
  readonly source: RecordLog;
  /** The line to each region's Kafka. */
  readonly lines: ReadonlyMap<string, FaultProxy>;
  close(): Promise<void>;
}

export async function openRegionStack(say: (line: string) => void): Promise<RegionStack> {
  const ports = await freePorts(2 * REGIONS.length);
  const doors = REGIONS.map((region, at) => [region, { listen: ports[2 * at] as number, advertise: ports[2 * at + 1] as number }] as const);
  const stack = await startStack({
    with: ['source'], only: KAFKAS, proxied: Object.fromEntries(doors.map(([region, door]) => [`kafka-${region}`, door])),
    onProgress: (progress) => say(JSON.stringify(progress)),
  });
  const lines = new Map(doors.map(([region, { listen, advertise }]) => [region as string, new FaultProxy(advertise, () => listen)]));
  for (const line of lines.values()) await line.open();
  return await complete(stack, lines);
}

async function complete(stack: Stack, lines: ReadonlyMap<string, FaultProxy>): Promise<RegionStack> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-'));
  const configFile = join(folder, 'sluice.config.yaml');
  const regions = Object.fromEntries([...lines].map(([region, { port }]) => [region, { kafka: { brokers: [`127.0.0.1:${port}`] }, elasticsearch: { nodes: [NOWHERE] } }]));
  const raw = { prefix: `bench-${randomBytes(3).toString('hex')}.`, regions, source: { kafka: stack.endpoints.source }, pipelines: [BENCH_PIPELINE] };
  writeFileSync(configFile, stringify(raw));
  const config = configSchema.parse(raw);
  const source = openSource(config, LOG);
  await createIngestTopics(config, source);
  return {
    config, configFile, source, lines,
    close: async () => {
      for (const line of lines.values()) await line.close();
      await stack.down();
      rmSync(folder, { recursive: true });
    },
  };
}
