import type { ChildProcess } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectObjectStore } from '../../src/adapters/object-store/s3.ts';
import { lanesBetween } from '../../src/domain/lane.ts';
import { partsOf } from '../../src/domain/version.ts';
import { OWN_REFERENCE } from '../../src/lookups/lookups.ts';
import type { ObjectStore } from '../../src/ports/object-store.ts';
import { install, type Installation } from '../support/live.ts';
import { sluiceJson, spawnSluice } from '../support/processes.ts';
import { objectStoreSettingsOf, testEndpoints, uniquePrefix } from '../support/stack.ts';
import { waitFor } from '../support/wait.ts';

const STORY = { count: 600, seed: 5, perDay: 200 };
const CYCLE = 'banded';
/** What new-field raises the pipeline's epoch by. */
const EPOCH = 2;

/** A seller that enrichers do not know while the cycle is loaded, and know when its failures are redriven. */
describe('rows of a backfill that failed', () => {
  const reference = mkdtempSync(join(tmpdir(), 'sluice-test-'));
  const sellers = join(reference, 'sellers.ndjson');
  const children: ChildProcess[] = [];
  let installation: Installation;
  let store: ObjectStore;
  let unknown = '';

  beforeAll(async () => {
    cpSync(OWN_REFERENCE, reference, { recursive: true });
    const prefix = `${uniquePrefix()}/`;
    const { objectStore } = await testEndpoints();
    installation = await install({ objectStore: { ...objectStore, prefix }, reference: { directory: reference }, backfill: { pollMs: 200 } });
    store = connectObjectStore({ ...(await objectStoreSettingsOf()), prefix });
  });
  afterAll(async () => {
    await Promise.all(children.map((child) => new Promise((resolve) => { child.once('exit', resolve); child.kill('SIGTERM'); })));
    for await (const { key } of store.list('')) await store.remove(key);
    await store.close();
    await installation.remove();
    rmSync(reference, { recursive: true });
  });

  const sluice = async (...args: string[]) => await sluiceJson(installation.configFile, args);
  const failures = async (region: string) => await installation.search(region, `${installation.config.prefix}sluice-failures-*`);
  const soldItems = async (region: string) => await installation.search(region, `${installation.config.prefix}sold-items-*`);

  it('stand in the failure index of every region with file, row group and row', async () => {
    const seeded = await sluice('warehouse', 'seed', '--count', String(STORY.count), '--seed', String(STORY.seed), '--per-day', String(STORY.perDay));
    expect(seeded, JSON.stringify(seeded.out)).toMatchObject({ code: 0 });
    expect(await sluice('backfill', 'plan', 'new-field', '--from', '2026-11-01', '--to', '2026-11-30', '--cycle', CYCLE)).toMatchObject({ code: 0 });
    expect(await sluice('backfill', 'extract', CYCLE)).toMatchObject({ code: 0 });
    const lines = readFileSync(sellers, 'utf8').trim().split('\n');
    unknown = String((JSON.parse(lines[0] as string) as { id: string }).id);
    writeFileSync(sellers, `${lines.slice(1).join('\n')}\n`);
    expect(await sluice('backfill', 'load', CYCLE)).toMatchObject({ code: 0, out: { ok: true } });
    for (const region of ['west', 'east']) {
      const found = await failures(region);
      expect(found.length).toBeGreaterThan(0);
      for (const { source } of found) {
        expect(source).toMatchObject({ stage: 'enrich', state: 'open', source: { cluster: 'warehouse' }, error: { reason: expect.stringContaining(`seller ${unknown} is unknown`) as string } });
        expect(String((source['source'] as { topic: string }).topic)).toMatch(new RegExp(`^backfill/${CYCLE}/data/.*parquet$`));
      }
      expect((await soldItems(region)).some(({ source }) => (source['seller'] as { id: string }).id === unknown)).toBe(false);
    }
  });

  it('are redriven: read again from the extract, at the epoch of their cycle, with what the case adds', async () => {
    cpSync(join(OWN_REFERENCE, 'sellers.ndjson'), sellers);
    const before = await failures('west');
    for (const lane of lanesBetween(['west', 'east'])) children.push(spawnSluice(installation.configFile, ['process', '--lane', lane.name]));
    const redriven = await sluice('failures', 'redrive', '--stage', 'enrich');
    expect(redriven, JSON.stringify(redriven.out)).toMatchObject({ code: 0, out: { ok: true } });
    for (const region of ['west', 'east']) {
      const mended = async () => (await soldItems(region)).filter(({ source }) => (source['seller'] as { id: string }).id === unknown);
      await waitFor(async () => (await mended()).length === before.length, { timeoutMs: 120_000, what: `${before.length} redriven documents in ${region}` });
      for (const { version, source } of await mended()) {
        expect(partsOf(version).epoch).toBe(EPOCH);
        expect(source).toMatchObject({ seller_band: expect.stringMatching(/^(top|good|fair)$/) as string, deleted: false });
      }
      for (const { source } of await failures(region)) expect(source).toMatchObject({ state: 'redriven' });
    }
  });
});
