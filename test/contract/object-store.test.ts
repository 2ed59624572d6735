import { beforeAll, describe, expect, it } from 'vitest';
import { connectObjectStore, type S3Settings } from '../../src/adapters/object-store/s3.ts';
import { MemoryObjectStore } from '../support/memory-object-store.ts';
import { objectStoreSettingsOf, uniquePrefix } from '../support/stack.ts';
import { objectStoreContract } from './object-store.contract.ts';

objectStoreContract('in memory', async () => new MemoryObjectStore());
objectStoreContract('S3 protocol', async () => connectObjectStore(await settings()));

describe('object store: what goes wrong', () => {
  let good: S3Settings;
  beforeAll(async () => { good = await settings(); });

  async function refusal(change: Partial<S3Settings>): Promise<unknown> {
    const store = connectObjectStore({ ...good, ...change });
    return await store.get('a/b').then(() => 'no refusal', (error: unknown) => error).finally(() => store.close());
  }

  it('says that the bucket is not there, and what to do', async () => {
    expect(await refusal({ bucket: 'nobody-made-this' })).toMatchObject({ code: 'OBJECT_STORE_REFUSED', message: expect.stringContaining('no bucket nobody-made-this') as string });
  });

  it('says that the credentials are wrong, without telling them', async () => {
    const error = await refusal({ secretAccessKey: 'open-sesame' });
    expect(error).toMatchObject({ code: 'OBJECT_STORE_REFUSED', message: expect.stringContaining('objectStore.secretAccessKey') as string });
    expect(JSON.stringify(error)).not.toContain('open-sesame');
  });

  it('says that nobody answers, which may pass', async () => {
    expect(await refusal({ endpoint: 'http://127.0.0.1:9' })).toMatchObject({ code: 'OBJECT_STORE_UNAVAILABLE' });
  });
});

async function settings(): Promise<S3Settings> {
  return { ...(await objectStoreSettingsOf()), prefix: uniquePrefix(), pageKeys: 10 };
}
