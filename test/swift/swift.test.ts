import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectObjectStore } from '../../src/adapters/object-store/s3.ts';
import { MemorySearch } from '../support/memory-search.ts';
import { waitFor } from '../support/wait.ts';
import { loadOf, NEVER, prepared, warehouse } from '../backfill/workbench.ts';
import { objectStoreContract } from '../contract/object-store.contract.ts';
import { startSwift, swiftVersions, type SwiftServer } from './swift-server.ts';

const CHECKSUMS = ['supported', 'required'] as const;

describe.each(swiftVersions())('OpenStack Swift $version', (version) => {
  let swift: SwiftServer | undefined;
  beforeAll(async () => { swift = await startSwift(version); });
  afterAll(async () => swift?.close());

  for (const checksums of CHECKSUMS) objectStoreContract(`by its s3api, checksums ${checksums}`, async () => connectObjectStore({ ...swift!.settings, checksums, prefix: `contract-${checksums}/`, pageKeys: 10 }), { races: false });

  it('says that it cannot replace on a condition: that has to be emulated', async () => {
    const store = connectObjectStore({ ...swift!.settings, conditionalWrites: 'supported' });
    const { etag } = (await store.put('lease', Buffer.from('mine'))) as { etag: string };
    await expect(store.put('lease', Buffer.from('renewed'), { kind: 'match', etag })).rejects.toMatchObject({ code: 'OBJECT_STORE_REFUSED', message: expect.stringContaining('conditionalWrites') as string });
    await store.close();
  });

  it('holds an extract; a load is broken off and goes on', async () => {
    const folder = await warehouse();
    const store = connectObjectStore({ ...swift!.settings, prefix: 'cycle/' });
    const made = await prepared(store, folder);
    const [search, stop] = [new MemorySearch(), new AbortController()];
    const settings = { leaseMs: 2_000, pollMs: 100, readAhead: 1 };
    const first = await loadOf(store, made, search, { settings });
    const running = first.run(stop.signal);
    await waitFor(() => first.doneRows() > 0 || first.status().counts.applied > 0, { what: 'the first rows' });
    stop.abort(new Error('stopped'));
    await running;
    const second = await loadOf(store, made, search, { worker: 'worker-2', settings });
    expect(await second.run(NEVER)).toBe('done');
    expect(second.doneRows()).toBe(made.manifest.rows);
    await store.close();
  });

  it('says that the credentials are wrong, and that a bucket is not there', async () => {
    const refusal = async (change: object): Promise<unknown> => {
      const store = connectObjectStore({ ...swift!.settings, ...change });
      return await store.get('a/b').then(() => 'no refusal', (error: unknown) => error).finally(() => store.close());
    };
    expect(await refusal({ secretAccessKey: 'open-sesame' })).toMatchObject({ code: 'OBJECT_STORE_REFUSED' });
    expect(await refusal({ bucket: 'nobody-made-this' })).toMatchObject({ code: 'OBJECT_STORE_REFUSED' });
  });
});
