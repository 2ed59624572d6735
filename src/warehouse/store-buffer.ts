import type { AsyncBuffer } from 'hyparquet';
import { SluiceError } from '../domain/errors.ts';
import type { ObjectStore } from '../ports/object-store.ts';

/** An object of the store as the Parquet reader wants it: pieces by range. With `etag`, only while it is unchanged. */
export function storeBuffer(store: ObjectStore, key: string, bytes: number, etag?: string): AsyncBuffer {
  return {
    byteLength: bytes,
    slice: async (start, end = bytes) => {
      const fetched = await store.get(key, { range: { start, end }, ...(etag === undefined ? {} : { ifMatch: etag }) });
      if (fetched.kind !== 'found') throw new SluiceError('INPUT_INVALID', `${key} ${fetched.kind === 'absent' ? 'is gone' : 'is no longer what it was'}: the extract cannot be used any more; plan and extract anew`);
      return exactly(fetched.bytes);
    },
  };
}

/** Memory of its own: a Buffer may lie inside a larger pool. */
export function exactly(bytes: Buffer): ArrayBuffer {
  const copy = new ArrayBuffer(bytes.length);
  new Uint8Array(copy).set(bytes);
  return copy;
}
