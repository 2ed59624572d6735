import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { afterEach, describe, expect, it } from 'vitest';
import { configSchema } from '../../src/config/schema.ts';
import { loadLookups } from '../../src/lookups/lookups.ts';
import { ManualClock } from '../support/manual-clock.ts';

const CATEGORIES = '[{"id":"1","name":"Root"}]';
const SELLER = '{"id":"s1","name":"A","country":"GB","since":"2010-01-01","feedback":99.5}';
const RATES = 'date,currency,usd\n2020-01-01,GBP,1.2\n';

const cleanUp: (() => Promise<void> | void)[] = [];
afterEach(async () => { for (const each of cleanUp.splice(0).reverse()) await each(); });

function folder(files: Record<string, string> = {}): string {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-reference-'));
  cleanUp.push(() => { rmSync(directory, { recursive: true }); });
  for (const [name, text] of Object.entries({ 'categories.json': CATEGORIES, 'sellers.ndjson': SELLER, 'rates.csv': RATES, ...files })) writeFileSync(join(directory, name), text);
  return directory;
}

async function load(settings: Record<string, unknown>) {
  const clock = new ManualClock();
  const registry = new Registry();
  const reference = configSchema.shape.reference.parse({ timeoutMs: 60_000, ...settings });
  return { clock, registry, ...await loadLookups({ settings: reference, clock, registry, log: pino({ level: 'silent' }) }) };
}

interface Answer { status: number; body?: string; headers?: Record<string, string> }

async function web(answer: (path: string, headers: Record<string, unknown>) => Answer | null): Promise<{ url: string; requests: string[] }> {
  const requests: string[] = [];
  const server: Server = createServer((request, response) => {
    requests.push(request.url ?? '');
    const given = answer(request.url ?? '', request.headers);
    if (given !== null) response.writeHead(given.status, given.headers ?? {}).end(given.body ?? '');
  });
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  cleanUp.push(() => new Promise((resolve) => { server.close(() => { resolve(); }); server.closeAllConnections(); }));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/base`, requests };
}

const FILES: Record<string, string> = { '/base/categories.json': CATEGORIES, '/base/sellers.ndjson': SELLER, '/base/rates.csv': RATES };

describe('lookups from a folder', () => {
  it('come with the project by default', async () => {
    const { lookups } = await load({});
    expect(lookups.categories.get('1101')).toMatchObject({ path: ['Electronics', 'Phones', 'Smartphones'] });
    expect(lookups.sellers.get('s10001')).toMatchObject({ id: 's10001' });
    expect(lookups.rates.get('USD@2011-05-05')).toBe(1);
  });

  it('say what is missing when the first load fails', async () => {
    await expect(load({ directory: '/nowhere' })).rejects.toMatchObject({ code: 'LOOKUP_FAILED', message: expect.stringContaining('/nowhere/categories.json') as string });
    await expect(load({ directory: folder({ 'rates.csv': 'x' }) })).rejects.toThrow('rates.csv cannot be used');
  });

  it('take over a changed file at the next refresh, and keep the old snapshot when the new one is broken', async () => {
    const directory = folder();
    const { lookups, run, clock, registry } = await load({ directory, refreshMs: 1_000 });
    const stop = new AbortController();
    const running = run(stop.signal);
    writeFileSync(join(directory, 'rates.csv'), `${RATES}2020-01-02,GBP,1.25\n`);
    writeFileSync(join(directory, 'categories.json'), '{ broken');
    await clock.advance(1_000);
    await expect.poll(() => lookups.rates.get('GBP@2020-01-02')).toBe(1.25);
    await expect.poll(() => clock.sleepers).toBe(1);
    expect(lookups.categories.get('1')).toEqual({ id: '1', path: ['Root'] });
    expect(await registry.getSingleMetricAsString('sluice_lookup_refresh_failures_total')).toContain('{lookup="categories"} 1');
    stop.abort();
    await running;
  });

  it('count what was found and what was not', async () => {
    const { lookups, registry } = await load({ directory: folder() });
    for (const id of ['1', '1', '2']) void lookups.categories.get(id);
    expect(await registry.getSingleMetricAsString('sluice_lookup_hits_total')).toContain('{lookup="categories"} 2');
    expect(await registry.getSingleMetricAsString('sluice_lookup_misses_total')).toContain('{lookup="categories"} 1');
  });
});

describe('lookups from the web', () => {
  it('are asked for with the tag of what is there', async () => {
    const tags: unknown[] = [];
    const { url, requests } = await web((path, headers) => {
      if (path !== '/base/rates.csv') return { status: 200, body: FILES[path] ?? '' };
      tags.push(headers['if-none-match']);
      return headers['if-none-match'] === '"v1"' ? { status: 304 } : { status: 200, body: RATES, headers: { etag: '"v1"' } };
    });
    const { run, clock, lookups } = await load({ url, refreshMs: 1_000 });
    const stop = new AbortController();
    const running = run(stop.signal);
    await clock.advance(1_000);
    await expect.poll(() => requests.length).toBe(6);
    await expect.poll(() => clock.sleepers).toBe(1);
    stop.abort();
    await running;
    expect(tags).toEqual([undefined, '"v1"']);
    expect(lookups.rates.get('GBP@2020-01-01')).toBe(1.2);
  });

  it('fail clearly when the server answers an error, or nothing in time', async () => {
    const broken = await web(() => ({ status: 500 }));
    await expect(load({ url: broken.url })).rejects.toThrow('categories.json answered 500');
    const silent = await web(() => null);
    await expect(load({ url: silent.url, timeoutMs: 30 })).rejects.toMatchObject({ code: 'LOOKUP_TIMEOUT' });
  });
});

describe('sellers on demand', () => {
  const onDemand = async (answer: (id: string) => Answer, extra: Record<string, unknown> = {}) => {
    const { url, requests } = await web((path) => path.startsWith('/base/sellers/') ? answer(path.slice(14)) : { status: 200, body: FILES[path] ?? '' });
    const loaded = await load({ url, sellers: 'on-demand', ...extra });
    return { ...loaded, asked: () => requests.filter((path) => path.includes('/sellers/')) };
  };

  it('are fetched once however many ask, and then come at once', async () => {
    const { lookups, asked } = await onDemand(() => ({ status: 200, body: SELLER }));
    const both = await Promise.all([lookups.sellers.get('s1'), lookups.sellers.get('s1')]);
    expect(both.map((seller) => seller?.name)).toEqual(['A', 'A']);
    expect(lookups.sellers.get('s1')).not.toBeInstanceOf(Promise);
    expect(asked()).toEqual(['/base/sellers/s1']);
  });

  it('remember that there is none, but only for a while', async () => {
    const { lookups, asked, clock } = await onDemand(() => ({ status: 404 }), { refreshMs: 1_000 });
    expect(await lookups.sellers.get('s9')).toBeUndefined();
    expect(lookups.sellers.get('s9')).toBeUndefined();
    expect(asked()).toHaveLength(1);
    await clock.advance(1_001);
    expect(await lookups.sellers.get('s9')).toBeUndefined();
    expect(asked()).toHaveLength(2);
  });

  it('forget the least recently used beyond the bound', async () => {
    const { lookups, asked } = await onDemand((id) => ({ status: 200, body: SELLER.replace('s1', id) }), { cacheEntries: 2 });
    for (const id of ['a', 'b', 'c', 'a']) await lookups.sellers.get(id);
    expect(asked()).toHaveLength(4);
  });

  it('do not remember failures', async () => {
    let healthy = false;
    const { lookups } = await onDemand(() => healthy ? { status: 200, body: SELLER } : { status: 503 });
    await expect(lookups.sellers.get('s1')).rejects.toThrow('answered 503');
    healthy = true;
    expect(await lookups.sellers.get('s1')).toMatchObject({ id: 's1' });
  });
});
