import { readFileSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse, stringify } from 'yaml';
import type { RateValues } from '../src/policy/rate-policy.ts';
import { openBenchStack, type BenchStack } from './bench-stack.ts';
import { openCountingProxy, type CountingProxy } from './caps/counting-proxy.ts';
import { startChild, type Child } from './child.ts';
import { benchDocuments } from './documents.ts';
import { BENCH_PIPELINE } from './events.ts';
import { fillTopic } from './fill.ts';
import { BENCH_LANE, LaneGround, REGION } from './lane-ground.ts';
import { setRate } from './set-rate.ts';
import { rounded } from './statistics.ts';

/** Each cap is measured over this time, so many times. */
const SPAN_MS = 10_000;
const SPANS = 2;
/** After a change, so that what was under way before it is not counted. */
const SETTLE_MS = 2_000;
const ALLOWED = 0.02;

export interface CapsOptions {
  readonly stackFile: string | undefined;
  readonly documents: number;
  readonly say: (line: string) => void;
}

/** What is set, with how many hosts. */
interface Step { readonly hosts: number; readonly documentsPerSecond: number | null; readonly bytesPerSecond: number | null }

/** Changed while the hosts run; between the second and the third step a host joins, before the last one a host leaves. */
const STEPS: readonly Step[] = [
  { hosts: 1, documentsPerSecond: 1_000, bytesPerSecond: null },
  { hosts: 1, documentsPerSecond: 4_000, bytesPerSecond: null },
  { hosts: 2, documentsPerSecond: 4_000, bytesPerSecond: null },
  { hosts: 2, documentsPerSecond: 2_500, bytesPerSecond: null },
  { hosts: 2, documentsPerSecond: null, bytesPerSecond: 2_000_000 },
  { hosts: 2, documentsPerSecond: 6_000, bytesPerSecond: 1_000_000 },
  { hosts: 1, documentsPerSecond: 2_000, bytesPerSecond: null },
];

/** How exactly hard caps are kept on real servers: documents as Elasticsearch counts them, bytes as a proxy before it does. */
export async function benchCaps({ stackFile, documents, say }: CapsOptions): Promise<Record<string, unknown>> {
  const bench = await openBenchStack({ stackFile, only: ['kafka-west', 'elasticsearch-west'], overrides: { pipelines: [BENCH_PIPELINE], topics: { partitions: 12 }, indices: { refreshInterval: '30s' } }, say });
  const ground = new LaneGround(bench.config);
  const proxy = await openCountingProxy(ground.node);
  const hosts: Child[] = [];
  try {
    const configFile = behind(proxy.url, bench);
    say(`filling the topic with ${documents} records`);
    await fillTopic(bench.config, REGION, await benchDocuments(), documents);
    await ground.fresh();
    await setRate(bench.config, rateOf(STEPS[0] as Step));
    const steps: Record<string, unknown>[] = [];
    for (const step of STEPS) {
      await setRate(bench.config, rateOf(step));
      while (hosts.length < step.hosts) hosts.push(await startChild(['process', '--lane', BENCH_LANE, '--config', configFile]));
      while (hosts.length > step.hosts) await hosts.pop()?.stop();
      await owning(hosts);
      await sleep(SETTLE_MS);
      for (let span = 0; span < SPANS; span += 1) steps.push(await measured(ground, proxy, step));
      say(JSON.stringify(steps.at(-1)));
    }
    const worst = Math.max(...steps.map((step) => Math.abs(step['error'] as number)));
    return { bench: 'caps', spanSeconds: SPAN_MS / 1_000, steps, worst, ok: worst <= ALLOWED, loadAverage: rounded(loadavg()[0] as number, 2) };
  } finally {
    await Promise.all(hosts.map((host) => host.stop()));
    await proxy.close();
    await ground.close();
    await bench.close();
  }
}

function rateOf({ documentsPerSecond, bytesPerSecond }: Step): RateValues {
  return { documentsPerSecond, bytesPerSecond, searchFactor: 0 };
}

/** The rate over one span, and how far it is from the cap that binds: 0.01 is one percent more. */
async function measured(ground: LaneGround, proxy: CountingProxy, step: Step): Promise<Record<string, unknown>> {
  const read = async () => ({ documents: await indexed(ground), bytes: proxy.bulkBytes(), at: performance.now() });
  const before = await read();
  await sleep(SPAN_MS);
  const after = await read();
  const seconds = (after.at - before.at) / 1_000;
  const documents = (after.documents - before.documents) / seconds;
  const bytes = (after.bytes - before.bytes) / seconds;
  const errors = [step.documentsPerSecond === null ? null : documents / step.documentsPerSecond - 1, step.bytesPerSecond === null ? null : bytes / step.bytesPerSecond - 1].filter((error) => error !== null);
  return { ...step, measuredDocuments: rounded(documents, 0), measuredBytes: rounded(bytes, 0), error: rounded(Math.max(...errors), 4) };
}

/** Resolves when every partition has its host, and every host some. */
async function owning(hosts: readonly Child[]): Promise<void> {
  for (;;) {
    const owned = await Promise.all(hosts.map(partitionsOf));
    if (owned.every((count) => count > 0) && new Set(owned).size === 1) return;
    await sleep(100);
  }
}

async function partitionsOf(host: Child): Promise<number> {
  const { parts } = (await (await fetch(new URL('/status', host.url))).json()) as { parts: Record<string, { partitions: number }> };
  return Object.values(parts)[0]?.partitions ?? 0;
}

/** Operations that Elasticsearch has done on the index. */
async function indexed(ground: LaneGround): Promise<number> {
  const { body } = await ground.search.call('GET', `/${ground.indices.join()}/_stats/indexing`);
  return (body['_all'] as { primaries: { indexing: { index_total: number } } }).primaries.indexing.index_total;
}

function behind(address: string, bench: BenchStack): string {
  const raw = parse(readFileSync(bench.configFile, 'utf8')) as { regions: Record<string, { elasticsearch: { nodes: string[] } }> };
  const path = join(dirname(bench.configFile), 'behind-proxy.yaml');
  writeFileSync(path, stringify({ ...raw, regions: { [REGION]: { ...raw.regions[REGION], elasticsearch: { nodes: [address] } } } }));
  return path;
}
