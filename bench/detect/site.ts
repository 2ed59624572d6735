import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { stringify } from 'yaml';
import { configSchema, type Config } from '../../src/config/schema.ts';
import { sourceTopicOf } from '../../src/domain/pipeline.ts';
import { lanesBetween } from '../../src/domain/lane.ts';
import { openSource } from '../../src/main/connections.ts';
import { runSetup } from '../../src/main/setup.ts';
import { startStack, type Stack } from '../../src/stack/stack.ts';
import { startHttpStub, type HttpStub } from '../../test/support/http-stub.ts';
import { BENCH_PIPELINE, saleEvents } from '../events.ts';
import { spawnTethered } from '../tethered.ts';

const LOG = pino({ level: 'silent' });
const EVENTS = 200_000;
const PER_SECOND = 20;
const TICK_MS = 500;

/** Two regions with servers of their own, every lane a process, a steady trickle of events, two monitors that tell a webhook. */
export interface DetectSite {
  readonly config: Config;
  readonly stack: Stack;
  /** By name: `ingest`, a lane, `monitor-1`, `monitor-2`. */
  readonly processes: Map<string, SiteProcess>;
  readonly hook: HttpStub;
  start(name: string, args: readonly string[], options?: { readonly env?: Readonly<Record<string, string>>; readonly nodeOptions?: readonly string[] }): Promise<SiteProcess>;
  close(): Promise<void>;
}

export interface SiteProcess {
  readonly url: string;
  readonly child: ChildProcess;
  end(signal: NodeJS.Signals): Promise<void>;
}

export async function openDetectSite(say: (line: string) => void): Promise<DetectSite> {
  const stack = await startStack({ onProgress: (progress) => say(JSON.stringify(progress)) });
  const hook = await startHttpStub();
  const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-'));
  const file = join(folder, 'sluice.config.yaml');
  const raw = {
    prefix: 'detect.', regions: stack.endpoints.regions, source: { kafka: stack.endpoints.source }, pipelines: [BENCH_PIPELINE], topics: { partitions: 4 }, indices: { ahead: 0 },
    monitor: { intervalMs: 2_000, leaseMs: 6_000, thresholds: { partitionStalledMs: 20_000 }, channels: { webhook: { hook: { url: hook.url } } } },
  };
  writeFileSync(file, stringify(raw));
  const config = configSchema.parse(raw);
  const report = await runSetup(config, LOG);
  if (!report.ok) throw new Error(`setup failed: ${JSON.stringify(report)}`);
  const processes = new Map<string, SiteProcess>();
  const start: DetectSite['start'] = async (name, args, { env = {}, nodeOptions = [] } = {}) => {
    const started = await startOne([...args, '--config', file], { ...env, SLUICE__HOST__ID: `${name}-host` }, nodeOptions);
    processes.set(name, started);
    return started;
  };
  const ended = new AbortController();
  const feeding = feed(config, ended.signal);
  await start('ingest', ['ingest']);
  await Promise.all(lanesBetween(Object.keys(config.regions)).map(({ name }) => start(name, ['process', '--lane', name])));
  await start('monitor-1', ['monitor']);
  await start('monitor-2', ['monitor']);
  return {
    config, stack, processes, hook, start,
    close: async () => {
      ended.abort();
      await Promise.allSettled([...processes.values()].map((each) => each.end('SIGKILL')));
      await feeding;
      await hook.close();
      await stack.down();
      rmSync(folder, { recursive: true });
    },
  };
}

async function startOne(args: readonly string[], env: Readonly<Record<string, string>>, nodeOptions: readonly string[]): Promise<SiteProcess> {
  const child = spawnTethered(args, { stdio: ['ignore', 'ignore', 'ignore', 'ipc'], nodeOptions, env });
  const exited = once(child, 'exit');
  const ready = once(child, 'message').then(([message]) => (message as { url: string }).url);
  const url = await Promise.race([ready, exited.then(() => { throw new Error(`sluice ${args.join(' ')} ended at once`); })]);
  return { url, child, end: async (signal) => { child.kill('SIGCONT'); child.kill(signal); await exited; } };
}

/** A trickle of events, until aborted; what the source does not take is not sent. */
async function feed(config: Config, signal: AbortSignal): Promise<void> {
  const producer = openSource(config, LOG).producer({ compression: 'none', deliveryTimeoutMs: 5_000 });
  const topic = sourceTopicOf(config.prefix, BENCH_PIPELINE);
  const events = await saleEvents(EVENTS);
  const step = (PER_SECOND * TICK_MS) / 1_000;
  for (let at = 0; at < events.length && !signal.aborted; at += step) {
    await producer.send(events.slice(at, at + step).map(({ key, value }) => ({ topic, key, value }))).catch(() => undefined);
    await sleep(TICK_MS, undefined, { signal }).catch(() => undefined);
  }
  await producer.close().catch(() => undefined);
}
