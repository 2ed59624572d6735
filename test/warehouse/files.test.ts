import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { localFiles, storedFiles, type WarehouseFiles } from '../../src/warehouse/files.ts';
import { MemoryObjectStore } from '../support/memory-object-store.ts';
import { tempFolder } from '../support/temp-folder.ts';

async function local(...paths: readonly string[]): Promise<WarehouseFiles> {
  const folder = tempFolder();
  for (const path of paths) mkdirSync(dirname(join(folder, path)), { recursive: true });

  for (const path of paths) writeFileSync(join(folder, path), 'x');
  return localFiles(folder);
}
async function stored(...paths: readonly string[]): Promise<WarehouseFiles> {
  const store = new MemoryObjectStore();
  for (const path of paths) await store.put(`warehouse/${path}`, Buffer.from('x'));
  return storedFiles(store, 'warehouse/');
}

describe.each([['a folder', local], ['an object store', stored]])('a warehouse in %s', (_, files) => {
  it('lists the files of each day, and nothing that somebody is still writing', async () => {
    const found = await files('sellers/dt=2026-11-02/b.parquet', 'sellers/dt=2026-11-01/a.parquet', 'sellers/dt=2026-11-01/_temporary/0/c.parquet', 'sellers/dt=2026-11-01/.d.parquet', 'sellers/dt=2026-11-01/notes.txt', 'sellers/_SUCCESS');
    expect((await found.list('sellers')).map(({ dt, path, bytes }) => [dt, path.slice(path.lastIndexOf('/') + 1), bytes])).toEqual([['2026-11-01', 'a.parquet', 1], ['2026-11-02', 'b.parquet', 1]]);
  });

  it('refuses files below a day, which it would not read', async () => {
    const found = await files('sellers/dt=2026-11-01/hour=00/a.parquet', 'sellers/dt=2026-11-01/hour=01/a.parquet');
    await expect(found.list('sellers')).rejects.toMatchObject({ code: 'INPUT_INVALID', message: expect.stringMatching(/hour=00.*partitioned by dt alone/) as string });
  });
});
