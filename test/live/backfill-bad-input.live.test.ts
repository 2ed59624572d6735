import { writeFileSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { connectObjectStore } from '../../src/adapters/object-store/s3.ts';
import type { ObjectStore } from '../../src/ports/object-store.ts';
import { install, type Installation } from '../support/live.ts';
import { runSluice } from '../support/processes.ts';
import { objectStoreSettingsOf, testEndpoints, uniquePrefix } from '../support/stack.ts';

const STORY = ['--count', '400', '--seed', '5', '--per-day', '100'];

/** What an operator is told, and with which exit code, when an extract or the store is not what it should be. */
describe('a load of bad input', () => {
  let installation: Installation;
  let store: ObjectStore;

  beforeAll(async () => {
    const prefix = `${uniquePrefix()}/`;
    const { objectStore } = await testEndpoints();
    installation = await install({ objectStore: { ...objectStore, prefix }, backfill: { leaseMs: 1_500, pollMs: 200 } });
    store = connectObjectStore({ ...(await objectStoreSettingsOf()), prefix });
    expect((await sluice('warehouse', 'seed', ...STORY)).code).toBe(0);
  });
  afterAll(async () => {
    for await (const { key } of store.list('')) await store.remove(key);
    await store.close();
    await installation.remove();
  });

  async function sluice(...args: string[]): Promise<{ code: number; text: string }> {
    const { code, out, err } = await runSluice(installation.configFile, [...args, '--json']);
    return { code, text: out + err };
  }
  async function extracted(cycle: string): Promise<string> {
    expect((await sluice('backfill', 'plan', 'missed-events', '--from', '2026-11-02', '--to', '2026-11-02', '--cycle', cycle)).code).toBe(0);
    expect((await sluice('backfill', 'extract', cycle)).code).toBe(0);
    for await (const { key } of store.list(`backfill/${cycle}/data/`)) return key;
    throw new Error('the extract has no file');
  }
  async function doneKeys(cycle: string): Promise<string[]> {
    const keys: string[] = [];
    for await (const { key } of store.list(`backfill/${cycle}/done/`)) keys.push(key);
    return keys;
  }
  async function expectRefused(cycle: string, problem: RegExp): Promise<void> {
    const { code, text } = await sluice('backfill', 'load', cycle);
    expect(text).toMatch(problem);
    expect(code).toBeGreaterThan(0);
    expect(await doneKeys(cycle)).toEqual([]);
  }

  it.each<[string, (bytes: Buffer) => Buffer | null, RegExp]>([
    ['was cut', (bytes) => bytes.subarray(0, bytes.length / 2), /cut.*\.parquet|\.parquet.*(changed|no longer what it was)/],
    ['was changed', (bytes) => Buffer.from(bytes.map((byte, at) => (at === 200 ? byte ^ 0xff : byte))), /\.parquet.*(changed|no longer what it was)/],
    ['is gone', () => null, /\.parquet.*(is gone|the file is gone)/],
  ])('whose file %s ends with its name, an exit code, and nothing that counts as done', async (what, spoil, problem) => {
    const cycle = `bad-${what.replaceAll(' ', '-')}`;
    const key = await extracted(cycle);
    const found = await store.get(key);
    if (found.kind !== 'found') throw new Error('there is no file');
    const bytes = spoil(found.bytes);
    if (bytes === null) await store.remove(key);
    else await store.put(key, bytes);
    await expectRefused(cycle, problem);
  });

  it('whose manifest speaks of other columns is refused', async () => {
    await extracted('bad-schema');
    const key = 'backfill/bad-schema/manifest.json';
    const found = await store.get(key);
    if (found.kind !== 'found') throw new Error('there is no manifest');
    await store.put(key, Buffer.from(found.bytes.toString('utf8').replace('"listingId"', '"listing"')));
    await expectRefused('bad-schema', /\.parquet has other columns/);
  });

  it('from a store that refuses the key, or has no such bucket, says which setting is wrong', async () => {
    const good = readFileSync(installation.configFile, 'utf8');
    for (const [change, problem] of [[{ secretAccessKey: 'open-sesame' }, /objectStore\.secretAccessKey/], [{ bucket: 'nobody-made-this' }, /no bucket nobody-made-this/]] as const) {
      const config = parse(good) as { objectStore: Record<string, unknown> };
      writeFileSync(installation.configFile, stringify({ ...config, objectStore: { ...config.objectStore, ...change } }));
      const { code, text } = await sluice('backfill', 'load', 'bad-schema');
      expect([code, text]).toEqual([1, expect.stringMatching(problem) as string]);
      expect(text).not.toContain('open-sesame');
    }
    writeFileSync(installation.configFile, good);
  });
});
