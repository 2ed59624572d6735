import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectObjectStore } from '../../src/adapters/object-store/s3.ts';
import { OWN_REFERENCE } from '../../src/lookups/lookups.ts';
import { openRegionSearch } from '../../src/main/connections.ts';
import type { ObjectStore } from '../../src/ports/object-store.ts';
import { compareRegion } from '../../src/proof/compare.ts';
import { expectedGenerated } from '../../src/proof/expected-generated.ts';
import type { ExpectedDocuments } from '../../src/proof/expected.ts';
import { install, type Installation } from '../support/live.ts';
import { sluiceJson, spawnSluice } from '../support/processes.ts';
import { objectStoreSettingsOf, testEndpoints, uniquePrefix } from '../support/stack.ts';
import { waitFor } from '../support/wait.ts';

/** About two weeks of a small shop: a row group for each day. */
const STORY = { count: 2_500, seed: 5, perDay: 70 };

/** Five processes one after the other, three of which load, beside the whole suite. */
const LOADS_TIMEOUT_MS = 900_000;

/** The command line as an operator uses it, from an empty warehouse to documents in both regions. */
describe('a backfill from the command line', () => {
  let installation: Installation;
  let store: ObjectStore;
  let sold: ExpectedDocuments;

  beforeAll(async () => {
    const prefix = `${uniquePrefix()}/`;
    const { objectStore } = await testEndpoints();
    installation = await install({ objectStore: { ...objectStore, prefix }, backfill: { leaseMs: 1_500, pollMs: 200, readAhead: 1 } });
    store = connectObjectStore({ ...(await objectStoreSettingsOf()), prefix });
    const expected = (await expectedGenerated(OWN_REFERENCE, STORY)).documents.find(({ pipeline }) => pipeline === 'sold-items');
    if (expected === undefined) throw new Error('the story has no sold items');
    sold = expected;
  });
  afterAll(async () => {
    for await (const { key } of store.list('')) await store.remove(key);
    await store.close();
    await installation.remove();
  });

  const sluice = async (...args: string[]) => await sluiceJson(installation.configFile, args);
  async function keysBelow(prefix: string): Promise<string[]> {
    const keys: string[] = [];
    for await (const { key } of store.list(prefix)) keys.push(key);
    return keys;
  }

  it('fills the warehouse, plans and extracts; nothing reaches Elasticsearch before the load', async () => {
    expect(await sluice('warehouse', 'seed', '--count', String(STORY.count), '--seed', String(STORY.seed), '--per-day', String(STORY.perDay))).toMatchObject({ code: 0, out: { tables: [{ table: 'sold_items', rows: sold.total }, {}, {}, {}] } });
    const days = sold.periods.map((period) => period.replaceAll('.', '-'));
    const planned = await sluice('backfill', 'plan', 'missed-events', '--from', days[0] ?? '', '--to', days.at(-1) ?? '', '--cycle', 'first');
    expect(planned).toMatchObject({ code: 0, out: { ok: true, plan: { rows: sold.total }, problems: [] } });
    expect(await sluice('backfill', 'load', 'first')).toMatchObject({ code: 2, out: { error: { message: expect.stringContaining('no finished extract') as string } } });
    expect(await sluice('backfill', 'extract', 'first')).toMatchObject({ code: 0, out: { made: true, rows: sold.total } });
    expect(await sluice('backfill', 'extract', 'first')).toMatchObject({ code: 0, out: { made: false, rows: sold.total } });
    expect(await installation.search('west', `${installation.config.prefix}sold-items-*`)).toEqual([]);
  });

  it('loads both regions, killed on the way and started again with two processes, and overwrites nothing newer', async () => {
    const [period = ''] = sold.periods;
    const newer = await firstOf(sold.documents(period));
    const index = `${installation.config.prefix}sold-items-${period}`;
    await installation.call('west', 'PUT', `/${index}`);
    await installation.call('west', 'PUT', `/${index}/_doc/${newer?.id}?version=${(newer?.version ?? 0) + 1_024}&version_type=external`, { title: 'newer' });

    const doomed = spawnSluice(installation.configFile, ['backfill', 'load', 'first']);
    const ended = once(doomed, 'close');
    await waitFor(async () => (await keysBelow('backfill/first/done/')).length > 0, { timeoutMs: 120_000, what: 'the first row group to be done' });
    doomed.kill('SIGKILL');
    await ended;
    const before = await sluice('backfill', 'status', 'first');
    expect(before.out).toMatchObject({ regions: { west: { rowGroups: sold.periods.length } } });

    const finished = await sluice('backfill', 'load', 'first', '--workers', '2');
    expect(finished, JSON.stringify(finished.out)).toMatchObject({ code: 0, out: { ok: true, rows: sold.total, regions: { west: { end: 'done', rejected: 0, refused: 0 }, east: { end: 'done', rejected: 0, refused: 0 } } } });
    expect((await sluice('backfill', 'status', 'first')).out).toMatchObject({ state: 'loaded', regions: { west: { doneRows: sold.total, leased: 0 }, east: { doneRows: sold.total, leased: 0 } } });

    expect(await installation.document('west', index, newer?.id ?? '')).toMatchObject({ version: (newer?.version ?? 0) + 1_024, source: { title: 'newer' } });
    const [west, east] = ['west', 'east'].map((region) => openRegionSearch(installation.config, region));
    try {
      expect(await compareRegion(east!, installation.config.prefix, sold)).toMatchObject({ ok: true, expected: sold.total, differences: 0 });
      expect(await compareRegion(west!, installation.config.prefix, sold)).toMatchObject({ found: sold.total, differences: 1, missing: [], unexpected: [] });
    } finally {
      await Promise.all([west!.close(), east!.close()]);
    }
  }, LOADS_TIMEOUT_MS);

  it('verifies: a newer document is right, one that is gone is told, with the way to get it back', async () => {
    const all = await sluice('backfill', 'verify', 'first', '--sample', '1');
    expect(all, JSON.stringify(all.out)).toMatchObject({ code: 0, out: { ok: true, regions: { west: { ok: true, findings: [{ kind: 'superseded' }] }, east: { ok: true, findings: [] } } } });
    expect(await sluice('backfill', 'show', 'first')).toMatchObject({ code: 0, out: { report: { state: 'loaded', regions: [{ region: 'west', done_rows: sold.total, failures: { total: 0 }, verified: { ok: true, rows: sold.total } }, { region: 'east', verified: { ok: true } }] } } });
    expect(await installation.search('east', `${installation.config.prefix}sluice-backfills-*`)).toMatchObject([{ source: { cycle: 'first', state: 'loaded', plan: { rows: sold.total } } }]);
    const victim = await firstOf(sold.documents(sold.periods[1] ?? ''));
    await installation.call('east', 'DELETE', `/${installation.config.prefix}sold-items-${sold.periods[1]}/_doc/${victim?.id}`);
    expect(await sluice('backfill', 'verify', 'first', '--region', 'east')).toMatchObject({ code: 1, out: { ok: false, regions: { east: { ok: false, findings: [{ kind: 'missing', id: victim?.id }] } } } });
  });
});

async function firstOf<Item>(items: AsyncIterable<Item>): Promise<Item | undefined> {
  for await (const item of items) return item;
  return undefined;
}
