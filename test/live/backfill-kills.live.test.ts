import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { stringify } from 'yaml';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { configSchema, type Config } from '../../src/config/schema.ts';
import { OWN_REFERENCE } from '../../src/lookups/lookups.ts';
import { openRegionSearch } from '../../src/main/connections.ts';
import { startStack, type Stack } from '../../src/stack/stack.ts';
import { compareRegion } from '../../src/proof/compare.ts';
import { expectedGenerated } from '../../src/proof/expected-generated.ts';
import type { ExpectedDocuments } from '../../src/proof/expected.ts';
import { sluiceJson, spawnSluice } from '../support/processes.ts';

/** A hundred days of a tiny shop: a row group for each. */
const STORY = { count: 7_000, seed: 11, perDay: 70 };
const KILLS = 20;
const SEED = 20_261_125;
const LOADERS = 2;
/** No living loader is kept from renewing its leases for so long. */
const LEASE_MS = 10_000;

type Blow = 'loader' | 'object-store' | 'elasticsearch-west' | 'freeze object-store' | 'freeze elasticsearch-west';
const BLOWS: readonly Blow[] = [...Array<Blow>(12).fill('loader'), ...Array<Blow>(3).fill('object-store'), 'elasticsearch-west', ...Array<Blow>(2).fill('freeze object-store'), ...Array<Blow>(2).fill('freeze elasticsearch-west')];

/** Numbers in 0…1 that are the same each time. */
function chance(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Servers of its own, since they are killed. */
describe('a backfill that is struck again and again', () => {
  let folder: string;
  let stack: Stack;
  let config: Config;
  let sold: ExpectedDocuments;
  const loaders = new Set<ChildProcess>();

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'sluice-test-'));
    stack = await startStack({ with: ['object-store'], only: ['kafka-west', 'elasticsearch-west', 'object-store'] });
    const raw = {
      regions: stack.endpoints.regions, source: { kafka: stack.endpoints.source }, objectStore: stack.endpoints.objectStore, warehouse: { directory: join(folder, 'warehouse') },
      backfill: { leaseMs: LEASE_MS, pollMs: 200, readAhead: 1 }, processor: { retryMaxMs: 1_000, requestTimeoutMs: 5_000 },
    };
    writeFileSync(join(folder, 'sluice.config.yaml'), stringify(raw));
    config = configSchema.parse(raw);
    const expected = (await expectedGenerated(OWN_REFERENCE, STORY)).documents.find(({ pipeline }) => pipeline === 'sold-items');
    if (expected === undefined) throw new Error('the story has no sold items');
    sold = expected;
  });
  afterAll(async () => {
    for (const loader of loaders) loader.kill('SIGKILL');
    await stack.down();
    rmSync(folder, { recursive: true, force: true });
  });

  const start = (...args: string[]) => spawnSluice(join(folder, 'sluice.config.yaml'), args);
  const sluice = async (...args: string[]) => await sluiceJson(join(folder, 'sluice.config.yaml'), args);
  function load(): void {
    const loader = start('backfill', 'load', 'struck');
    loaders.add(loader);
    loader.once('close', () => loaders.delete(loader));
  }
  async function strike(blow: Blow, random: () => number): Promise<void> {
    if (blow === 'loader') {
      const [victim] = [...loaders].slice(Math.floor(random() * loaders.size));
      victim?.kill('SIGKILL');
    } else if (blow.startsWith('freeze ')) {
      const server = blow.slice('freeze '.length);
      await stack.kill(server, 'SIGSTOP');
      await sleep(500 + random() * 2_500);
      await stack.kill(server, 'SIGCONT');
    } else {
      await stack.kill(blow, 'SIGKILL');
      await stack.start(blow);
    }
  }

  it(`${KILLS} times ends as if nothing had happened, and no row group was in two hands at once`, { timeout: 900_000 }, async () => {
    await sluice('setup');
    expect((await sluice('warehouse', 'seed', '--count', String(STORY.count), '--seed', String(STORY.seed), '--per-day', String(STORY.perDay))).code).toBe(0);
    const days = sold.periods.map((period) => period.replaceAll('.', '-'));
    expect((await sluice('backfill', 'plan', 'missed-events', '--from', days[0] ?? '', '--to', days.at(-1) ?? '', '--cycle', 'struck')).code).toBe(0);

    const doomed = start('backfill', 'extract', 'struck');
    await sleep(700);
    doomed.kill('SIGKILL');
    await new Promise((resolve) => doomed.once('close', resolve));
    const early = await sluice('backfill', 'load', 'struck');
    if (early.code !== 0) expect(early).toMatchObject({ code: 2, out: { error: { message: expect.stringContaining('no finished extract') as string } } });
    expect((await sluice('backfill', 'extract', 'struck')).out).toMatchObject({ ok: true, rows: sold.total });

    const random = chance(SEED);
    const blows = [...BLOWS].map((blow) => ({ blow, at: random() })).sort((a, b) => a.at - b.at).map(({ blow }) => blow);
    expect(blows).toHaveLength(KILLS);
    for (const blow of blows) {
      while (loaders.size < LOADERS) load();
      await sleep(1_000 + random() * 1_500);
      await strike(blow, random);
    }
    for (const loader of loaders) loader.kill('SIGKILL');
    const finished = await sluice('backfill', 'load', 'struck', '--workers', '2');
    expect(finished, JSON.stringify(finished.out)).toMatchObject({ code: 0, out: { ok: true } });
    expect(await sluice('backfill', 'verify', 'struck', '--sample', '1')).toMatchObject({ code: 0, out: { ok: true } });

    const search = openRegionSearch(config, 'west');
    try {
      expect(await compareRegion(search, '', sold)).toMatchObject({ ok: true, expected: sold.total, differences: 0 });
      const { body } = await search.call('POST', '/sluice-batches-*/_search', { size: 10_000, _source: ['host', 'detail'] });
      const batches = (body['hits'] as { hits: { _source: { host: string; detail: { start_time: string; end_time: string; ranges: { topic: string; partition: number }[] }[] } }[] }).hits.map(({ _source }) => _source);
      const spans = batches.flatMap(({ host, detail }) => detail.flatMap(({ start_time, end_time, ranges }) => ranges.map(({ topic, partition }) => ({ host, group: `${topic}/${partition}`, from: Date.parse(start_time), to: Date.parse(end_time) }))));
      expect(new Set(spans.map(({ group }) => group)).size).toBe(days.length);
      for (const one of spans) for (const other of spans) if (one.group === other.group && one.host < other.host) expect(one.to <= other.from || other.to <= one.from, JSON.stringify([one, other])).toBe(true);
    } finally {
      await search.close();
    }
  });
});
