/**
 * The object storage that extracts lie in (S3, or what speaks its protocol). Keys are relative to the prefix that the
 * configuration gives. Every call rejects with SluiceError: `OBJECT_STORE_UNAVAILABLE` (try later) or
 * `OBJECT_STORE_REFUSED` (credentials, bucket, an ability that the store lacks).
 */
export interface StoredObject {
  readonly key: string;
  /** Bytes. */
  readonly size: number;
  /** Changes whenever the object is written anew with other bytes. */
  readonly etag: string;
}

export interface GetOptions {
  /** Bytes `start` up to but not including `end`; the whole object when absent. */
  readonly range?: { readonly start: number; readonly end: number };
  /** Read only while the object is still this one. */
  readonly ifMatch?: string;
}

export type Fetched =
  | { readonly kind: 'found'; readonly bytes: Buffer; readonly etag: string }
  | { readonly kind: 'absent' }
  /** The object is no longer the one of `ifMatch`, or ends before the range. */
  | { readonly kind: 'changed' };

/** What must hold for a write to take place; the store judges it in one step with the write. */
export type PutCondition =
  | { readonly kind: 'absent' }
  | { readonly kind: 'match'; readonly etag: string };

export type Written =
  | { readonly kind: 'written'; readonly etag: string }
  /** The condition did not hold: somebody else was there. */
  | { readonly kind: 'conflict' };

export interface ObjectStore {
  get(key: string, options?: GetOptions): Promise<Fetched>;
  /** Writes the whole object, visible at once and whole, or not at all. */
  put(key: string, bytes: Uint8Array, condition?: PutCondition): Promise<Written>;
  /** Every object whose key begins with `prefix`, in order of the keys. */
  list(prefix: string): AsyncIterable<StoredObject>;
  /** An object that is not there counts as removed. */
  remove(key: string): Promise<void>;
  close(): Promise<void>;
}
