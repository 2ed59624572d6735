import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { sourceTopicOf } from '../../src/domain/pipeline.ts';
import { openRegionSearch, openSource } from '../../src/main/connections.ts';
import { SURROUNDINGS_ENV } from '../../test/chaos/surroundings.ts';
import { waitFor } from '../../test/support/wait.ts';
import { BENCH_PIPELINE } from '../events.ts';
import type { DetectSite } from './site.ts';

const HOOK = new URL('../../test/chaos/surroundings-hook.ts', import.meta.url).href;
const LOG = pino({ level: 'silent' });
const SKEW_MS = 20_000;
const POISON = 400;
/** By then a process has told its state, ms. */
const TOLD_MS = 12_000;
/** So long a member that hangs keeps its partitions, ms. */
const LONG_SESSION_MS = '30000';

/** Something that goes wrong, and what must be told of it. */
export interface DetectFault {
  readonly name: string;
  /** Rules of which one at least must be told, and that alone may be. */
  readonly rules: readonly string[];
  /** One of them must be told within this time, s. */
  readonly limitSeconds: number;
  /** How long its end may take after the healing, s: figures over ten minutes remember for as long. */
  readonly resolveLimitSeconds: number;
  prepare?(site: DetectSite): Promise<void>;
  inject(site: DetectSite): Promise<void>;
  heal(site: DetectSite): Promise<void>;
}

const SOON = 180;
const REMEMBERED = 780;

export const DETECT_FAULTS: readonly DetectFault[] = [
  {
    name: 'kill-processor', rules: ['process-silent', 'lane-stalled'], limitSeconds: 30, resolveLimitSeconds: SOON,
    inject: async ({ processes }) => await processes.get('west-east')?.end('SIGKILL'),
    heal: async (site) => void (await site.start('west-east', ['process', '--lane', 'west-east'])),
  },
  {
    name: 'block-index', rules: ['lane-held'], limitSeconds: 30, resolveLimitSeconds: SOON,
    inject: (site) => block(site, 'east', true), heal: (site) => block(site, 'east', false),
  },
  {
    name: 'cut-region', rules: ['kafka-unreachable', 'elasticsearch-unreachable', 'ingest-region-cut'], limitSeconds: 30, resolveLimitSeconds: SOON,
    inject: ({ stack }) => each(['kafka-east', 'elasticsearch-east'], (server) => stack.kill(server, 'SIGSTOP')),
    heal: ({ stack }) => each(['kafka-east', 'elasticsearch-east'], (server) => stack.kill(server, 'SIGCONT')),
  },
  {
    name: 'stall-partition', rules: ['partition-stalled', 'process-silent'], limitSeconds: 40, resolveLimitSeconds: SOON,
    prepare: async (site) => {
      await site.processes.get('west-west')?.end('SIGTERM');
      const env = { SLUICE__PROCESSOR__SESSION_TIMEOUT_MS: LONG_SESSION_MS };
      await site.start('west-west', ['process', '--lane', 'west-west'], { env });
      await site.start('west-west-2', ['process', '--lane', 'west-west'], { env });
      await waitFor(() => shareAlike(site, ['west-west', 'west-west-2']), { timeoutMs: 60_000, what: 'two members to have as many partitions each' });
      await sleep(TOLD_MS);
    },
    inject: async ({ processes }) => void processes.get('west-west-2')?.child.kill('SIGSTOP'),
    heal: async ({ processes }) => void processes.get('west-west-2')?.child.kill('SIGCONT'),
  },
  {
    name: 'stop-ingest', rules: ['heartbeat-missing'], limitSeconds: 75, resolveLimitSeconds: SOON,
    inject: async ({ processes }) => await processes.get('ingest')?.end('SIGTERM'),
    heal: async (site) => void (await site.start('ingest', ['ingest'])),
  },
  {
    name: 'skew-clock', rules: ['clock-skew'], limitSeconds: 30, resolveLimitSeconds: SOON,
    inject: async (site) => {
      const file = join(site.stack.folder, 'surroundings.json');
      writeFileSync(file, JSON.stringify({ clockMs: SKEW_MS, names: true }));
      await site.start('skewed', ['process', '--lane', 'east-west'], { nodeOptions: ['--import', HOOK], env: { [SURROUNDINGS_ENV]: file } });
    },
    heal: async ({ processes }) => await processes.get('skewed')?.end('SIGTERM'),
  },
  {
    name: 'poison-flood', rules: ['failure-share', 'failure-new-kind', `failure-share-${BENCH_PIPELINE}`], limitSeconds: 30, resolveLimitSeconds: REMEMBERED,
    inject: async ({ config }) => {
      const producer = openSource(config, LOG).producer({ compression: 'none', deliveryTimeoutMs: 10_000 });
      await producer.send(Array.from({ length: POISON }, (_, at) => ({ topic: sourceTopicOf(config.prefix, BENCH_PIPELINE), key: Buffer.from(`poison-${at}`), value: Buffer.from('{"listing":') })));
      await producer.close();
    },
    heal: async () => undefined,
  },
];

/** Every topic is dealt evenly: each member then has some of the data's. */
async function shareAlike({ processes }: DetectSite, names: readonly string[]): Promise<boolean> {
  const counts = await Promise.all(names.map(async (name) => {
    const { parts } = await (await fetch(`${processes.get(name)?.url}/status`)).json() as { parts: { 'west-west': { partitions: number } } };
    return parts['west-west'].partitions;
  }));
  return counts.every((count) => count > 0 && count === counts[0]);
}

async function block({ config }: DetectSite, region: string, on: boolean): Promise<void> {
  const search = openRegionSearch(config, region);
  await search.call('PUT', `/${config.prefix}${BENCH_PIPELINE}-*/_settings`, { 'index.blocks.write': on });
  await search.close();
}

async function each(names: readonly string[], deed: (name: string) => Promise<void>): Promise<void> {
  await Promise.all(names.map(deed));
}
