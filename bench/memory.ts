import { writeFileSync } from 'node:fs';
import { join, dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse, stringify } from 'yaml';
import { readFileSync } from 'node:fs';
import { PROCESS_BASE, PROCESS_HEAP } from '../src/capacity/limits.ts';
import { freePorts } from '../src/stack/ports.ts';
import { FaultProxy } from '../test/support/fault-proxy.ts';
import { openBenchStack } from './bench-stack.ts';
import { startChild, type Child } from './child.ts';
import { benchDocuments } from './documents.ts';
import { BENCH_PIPELINE } from './events.ts';
import { fillTopic } from './fill.ts';
import { rounded } from './statistics.ts';

const REGION = 'west';
const MIB = 1024 * 1024;
const SAMPLE_MS = 500;
/** Documents that go through before the destination stalls. */
const BEFORE = 20_000;

export interface MemoryOptions {
  readonly stackFile: string | undefined;
  readonly documents: number;
  /** How long the destination takes connections and answers nothing. */
  readonly seconds: number;
  readonly say: (line: string) => void;
}

/** A lane whose destination stalls while its topic is full: how much memory it holds, and whether it goes on afterwards. */
export async function benchMemory({ stackFile, documents, seconds, say }: MemoryOptions): Promise<Record<string, unknown>> {
  const bench = await openBenchStack({ stackFile, only: ['kafka-west', 'elasticsearch-west'], overrides: { pipelines: [BENCH_PIPELINE], processor: { requestTimeoutMs: 5_000 } }, say });
  const target = Number(new URL(bench.config.regions[REGION]?.elasticsearch.nodes[0] as string).port);
  const proxy = new FaultProxy((await freePorts(1))[0] as number, () => target);
  await proxy.open();
  let child: Child | null = null;
  try {
    say(`filling the topic with ${documents} records`);
    await fillTopic(bench.config, REGION, await benchDocuments(), documents);
    child = await startChild(['process', '--lane', `${REGION}-${REGION}`, '--config', throughProxy(bench.configFile, proxy.port)], [`--max-old-space-size=${PROCESS_HEAP.value}`]);
    await settledAtLeast(child, BEFORE);
    say(`the destination stalls for ${seconds} s`);
    await proxy.set('black-hole');
    const stalledAt = await settledOf(child);
    const peakStalledMiB = await peakOver(child, seconds);
    await proxy.set('pass');
    say('the destination answers again');
    await settledAtLeast(child, documents);
    const boundMiB = PROCESS_BASE.value + PROCESS_HEAP.value + bench.config.processor.budgetBytes / MIB;
    return { bench: 'memory', documents, stalledSeconds: seconds, settledBeforeStall: stalledAt, peakStalledMiB: rounded(peakStalledMiB), peakMiB: rounded(child.peakRssMiB()), boundMiB, ok: child.peakRssMiB() <= boundMiB };
  } finally {
    await child?.stop();
    await proxy.close();
    await bench.close();
  }
}

function throughProxy(configFile: string, port: number): string {
  const raw = parse(readFileSync(configFile, 'utf8')) as { regions: Record<string, { elasticsearch: { nodes: string[] } }> };
  (raw.regions[REGION] as { elasticsearch: { nodes: string[] } }).elasticsearch.nodes = [`http://127.0.0.1:${port}`];
  const path = join(dirname(configFile), 'through-proxy.yaml');
  writeFileSync(path, stringify(raw));
  return path;
}

async function peakOver(child: Child, seconds: number): Promise<number> {
  let peak = 0;
  for (const end = Date.now() + seconds * 1_000; Date.now() < end; await sleep(SAMPLE_MS)) peak = Math.max(peak, child.rssMiB());
  return peak;
}

async function settledAtLeast(child: Child, count: number): Promise<void> {
  while ((await settledOf(child)) < count) await sleep(SAMPLE_MS);
}

/** Operations that the lane has settled so far. */
export async function settledOf(child: Child): Promise<number> {
  const metrics = await (await fetch(new URL('/metrics', child.url))).text();
  return [...metrics.matchAll(/^sluice_lane_operations_total\{.*\} (\d+)/gm)].reduce((sum, match) => sum + Number(match[1]), 0);
}
