import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ObjectStore } from '../../src/ports/object-store.ts';

/** What every object store must do; `open` gives one whose keys nobody else uses. One that emulates conditional writes cannot judge a race. */
export function objectStoreContract(name: string, open: () => Promise<ObjectStore>, { races = true }: { readonly races?: boolean } = {}): void {
  describe(`object store: ${name}`, () => {
    let store: ObjectStore;
    beforeAll(async () => { store = await open(); });
    afterAll(async () => {
      for await (const { key } of store.list('')) await store.remove(key);
      await store.close();
    });

    it('hands back the bytes that were put, whole or a range of them', async () => {
      const bytes = Buffer.from([0, 1, 2, 255, 254, 13, 10]);
      const { etag } = (await store.put('a/bytes', bytes)) as { etag: string };
      expect(await store.get('a/bytes')).toEqual({ kind: 'found', bytes, etag });
      expect(await store.get('a/bytes', { range: { start: 2, end: 4 }, ifMatch: etag })).toMatchObject({ kind: 'found', bytes: Buffer.from([2, 255]) });
      expect(await store.get('a/bytes', { range: { start: 6, end: 7 } })).toMatchObject({ bytes: Buffer.from([10]) });
    });

    it('takes keys with the signs that partitioned tables use', async () => {
      await store.put('table/dt=2026-11-02/part 0+1.parquet', Buffer.from('x'));
      expect(await store.get('table/dt=2026-11-02/part 0+1.parquet')).toMatchObject({ kind: 'found' });
      const keys: string[] = [];
      for await (const { key } of store.list('table/')) keys.push(key);
      expect(keys).toEqual(['table/dt=2026-11-02/part 0+1.parquet']);
    });

    it('tells an object that is not there from one that was changed', async () => {
      expect(await store.get('a/nothing')).toEqual({ kind: 'absent' });
      const { etag } = (await store.put('a/changing', Buffer.from('one'))) as { etag: string };
      await store.put('a/changing', Buffer.from('two'));
      expect(await store.get('a/changing', { ifMatch: etag })).toEqual({ kind: 'changed' });
      expect(await store.get('a/changing', { range: { start: 0, end: 1 }, ifMatch: etag })).toEqual({ kind: 'changed' });
    });

    it('calls a range beyond the end a change: the object is not the one that was meant', async () => {
      await store.put('a/short', Buffer.from('abc'));
      expect(await store.get('a/short', { range: { start: 1, end: 9 } })).toEqual({ kind: 'changed' });
      expect(await store.get('a/short', { range: { start: 7, end: 9 } })).toEqual({ kind: 'changed' });
    });

    it.runIf(races)('lets exactly one of many create an object', async () => {
      for (let round = 0; round < 5; round += 1) {
        const all = await Promise.all(Array.from({ length: 8 }, (_, who) => store.put(`race/${round}`, Buffer.from(`by ${who}`), { kind: 'absent' })));
        expect(all.filter(({ kind }) => kind === 'written')).toHaveLength(1);
      }
    });

    it('replaces an object only while it is still the one that was read', async () => {
      const { etag } = (await store.put('a/lease', Buffer.from('mine'))) as { etag: string };
      const next = await store.put('a/lease', Buffer.from('renewed'), { kind: 'match', etag });
      expect(next.kind).toBe('written');
      expect(await store.put('a/lease', Buffer.from('late'), { kind: 'match', etag })).toEqual({ kind: 'conflict' });
      expect(await store.get('a/lease')).toMatchObject({ bytes: Buffer.from('renewed') });
      expect(await store.put('a/never', Buffer.from('x'), { kind: 'match', etag })).toEqual({ kind: 'conflict' });
      expect(await store.get('a/never')).toEqual({ kind: 'absent' });
    });

    it('lists by prefix, in order, with sizes, beyond one page', async () => {
      const keys = Array.from({ length: 23 }, (_, at) => `many/${String(at).padStart(2, '0')}`);
      await Promise.all(keys.map((key) => store.put(key, Buffer.from(key))));
      const found: string[] = [];
      for await (const object of store.list('many/')) {
        found.push(object.key);
        expect(object.size).toBe(object.key.length);
        expect(object.etag).not.toBe('');
      }
      expect(found).toEqual(keys);
    });

    it('removes, also what is gone already', async () => {
      await store.put('a/gone', Buffer.from('x'));
      await store.remove('a/gone');
      await store.remove('a/gone');
      expect(await store.get('a/gone')).toEqual({ kind: 'absent' });
    });
  });
}
