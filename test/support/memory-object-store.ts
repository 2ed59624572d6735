import { createHash } from 'node:crypto';
import type { Fetched, GetOptions, ObjectStore, PutCondition, StoredObject, Written } from '../../src/ports/object-store.ts';

/** An object store in memory that behaves as the real ones do; `put` may be told to fail by `onPut`. */
export class MemoryObjectStore implements ObjectStore {
  readonly objects = new Map<string, Buffer>();
  /** Called before each write; what it throws is what the caller gets. */
  onPut: (key: string) => void = () => {};

  get(key: string, { range, ifMatch }: GetOptions = {}): Promise<Fetched> {
    const bytes = this.objects.get(key);
    if (bytes === undefined) return Promise.resolve({ kind: 'absent' });
    const etag = etagOf(bytes);
    const beyond = range !== undefined && range.end > bytes.length;
    if (beyond || (ifMatch !== undefined && ifMatch !== etag)) return Promise.resolve({ kind: 'changed' });
    return Promise.resolve({ kind: 'found', bytes: Buffer.from(range === undefined ? bytes : bytes.subarray(range.start, range.end)), etag });
  }

  async put(key: string, bytes: Uint8Array, condition?: PutCondition): Promise<Written> {
    this.onPut(key);
    const known = this.objects.get(key);
    const holds = condition === undefined || (condition.kind === 'absent' ? known === undefined : known !== undefined && etagOf(known) === condition.etag);
    if (!holds) return { kind: 'conflict' };
    const kept = Buffer.from(bytes);
    this.objects.set(key, kept);
    return { kind: 'written', etag: etagOf(kept) };
  }

  async* list(prefix: string): AsyncGenerator<StoredObject, void, undefined> {
    for (const key of [...this.objects.keys()].filter((each) => each.startsWith(prefix)).sort()) {
      const bytes = this.objects.get(key);
      if (bytes !== undefined) yield { key, size: bytes.length, etag: etagOf(bytes) };
    }
  }

  remove(key: string): Promise<void> {
    this.objects.delete(key);
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

function etagOf(bytes: Buffer): string {
  return `"${createHash('md5').update(bytes).digest('hex')}"`;
}
