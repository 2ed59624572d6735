import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { missedEvents } from '../../backfill/missed-events/case.ts';
import { groupsOf, manifestSchema, readManifest } from '../../src/backfill/manifest.ts';
import { planDigest } from '../../src/backfill/plan.ts';
import { localFiles, storedFiles } from '../../src/warehouse/files.ts';
import { uploadFolder } from '../../src/warehouse/upload.ts';
import { MemoryObjectStore } from '../support/memory-object-store.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { NEVER, planned, prepared, warehouse, withEngine } from './workbench.ts';
import { extract } from '../../src/backfill/extract.ts';
import { systemClock } from '../../src/adapters/system-clock.ts';

describe('an extract', () => {
  let folder: string;
  let store: MemoryObjectStore;
  let made: Awaited<ReturnType<typeof prepared>>;

  beforeAll(async () => {
    folder = await warehouse();
    store = new MemoryObjectStore();
    made = await prepared(store, folder);
  });

  it('is described by its manifest to the byte: files, row groups, rows, checksums, the plan', async () => {
    const { manifest, plan, keys } = made;
    expect(manifestSchema.parse(JSON.parse(store.objects.get(keys.manifest)?.toString() ?? ''))).toEqual(manifest);
    expect(manifest.plan).toBe(planDigest(plan));
    expect(manifest.rows).toBe(plan.rows);
    for (const { key, bytes, sha256 } of manifest.files) {
      expect(store.objects.get(key)?.length).toBe(bytes);
      expect(createHash('sha256').update(store.objects.get(key) ?? '').digest('hex')).toBe(sha256);
    }
    const groups = groupsOf(manifest);
    expect(groups.map(({ number }) => number)).toEqual(groups.map((_, at) => at));
    for (const { file, start, end, sha256 } of groups) expect(createHash('sha256').update(store.objects.get(file.key)?.subarray(start, end) ?? '').digest('hex')).toBe(sha256);
    expect(manifest.columns).toContainEqual({ name: 'price', type: 'DECIMAL(12,2)' });
  });

  it('holds the rows that the plan counted, or fewer where a condition chooses', async () => {
    const chosen = await prepared(new MemoryObjectStore(), folder, { where: 'price > 50' });
    expect(chosen.manifest.rows).toBeGreaterThan(0);
    expect(chosen.manifest.rows).toBeLessThan(made.manifest.rows);
  });

  it('gives the same rows from a warehouse in the object store', async () => {
    const stored = new MemoryObjectStore();
    await uploadFolder(folder, 'warehouse/', stored, NEVER);
    const files = storedFiles(stored, 'warehouse/');
    const { plan, keys } = await planned(stored, files);
    const manifest = await withEngine((engine, scratch) => extract(plan, missedEvents, { store: stored, keys, files, engine, scratch, clock: systemClock, rowGroupRows: 2_048, attempt: 'a1' }, NEVER));
    expect(manifest.files.map(({ rows, sha256 }) => ({ rows, sha256 }))).toEqual(made.manifest.files.map(({ rows, sha256 }) => ({ rows, sha256 })));
  });

  it('that broke off is none: there is no manifest, and the next try makes one of its own files', async () => {
    const broken = new MemoryObjectStore();
    broken.onPut = (key) => { if (key.includes('dt=2026-11-03')) throw new Error('the store went away'); };
    await expect(prepared(broken, folder)).rejects.toThrow('the store went away');
    const { keys } = made;
    expect([...broken.objects.keys()].some((key) => key.includes('/data/a1/'))).toBe(true);
    await expect(readManifest(broken, keys, 'cycle-1')).rejects.toMatchObject({ code: 'USAGE', message: expect.stringContaining('no finished extract') as string });
    broken.onPut = () => {};
    await broken.remove(keys.plan);
    const { manifest } = await prepared(broken, folder, { parts: { attempt: 'a2' } });
    expect(manifest.files.every(({ key }) => key.includes('/data/a2/'))).toBe(true);
  });

  it('counts once: of two that make the same one, the second is told', async () => {
    const twice = new MemoryObjectStore();
    const { plan, keys } = await prepared(twice, folder);
    const before = twice.objects.get(keys.manifest);
    const again = withEngine((engine, scratch) => extract(plan, missedEvents, { store: twice, keys, files: localFiles(folder), engine, scratch, clock: systemClock, rowGroupRows: 2_048, attempt: 'a2' }, NEVER));
    await expect(again).rejects.toMatchObject({ code: 'USAGE', message: expect.stringContaining('somebody else') as string });
    expect(twice.objects.get(keys.manifest)).toBe(before);
  });

  it('says which table is missing, and what a wrong query says', async () => {
    await expect(localFiles(join(tempFolder(), 'nothing')).list('sold_items')).rejects.toMatchObject({ code: 'INPUT_INVALID', message: expect.stringContaining('no table sold_items') as string });
    await expect(prepared(new MemoryObjectStore(), folder, { where: 'colour = 1' })).rejects.toMatchObject({ code: 'QUERY_FAILED', message: expect.stringContaining('colour') as string });
  });
});
