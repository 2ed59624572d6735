import type { z } from 'zod';
import { SluiceError, messageOf } from '../domain/errors.ts';
import type { ObjectStore, PutCondition, Written } from '../ports/object-store.ts';

/** An object of the store that holds JSON, parsed and checked; null where there is none. Rejects with `INPUT_INVALID` where it does not fit. */
export async function readJson<Schema extends z.ZodType>(store: ObjectStore, key: string, schema: Schema): Promise<{ value: z.output<Schema>; etag: string } | null> {
  const fetched = await store.get(key);
  if (fetched.kind !== 'found') return null;
  try {
    return { value: schema.parse(JSON.parse(fetched.bytes.toString('utf8'))), etag: fetched.etag };
  } catch (cause) {
    throw new SluiceError('INPUT_INVALID', `${key} in the object store is not what it should be: ${messageOf(cause)}`, { cause });
  }
}

export async function writeJson(store: ObjectStore, key: string, value: unknown, condition?: PutCondition): Promise<Written> {
  return await store.put(key, Buffer.from(`${JSON.stringify(value)}\n`), condition);
}
