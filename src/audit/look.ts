/** A stretch of fingerprints: from `from` up to `to`, without it. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

/** The documents of one region whose fingerprints lie in one stretch. */
export interface Bucket {
  readonly from: number;
  readonly documents: number;
  /** Sum of the fingerprints: exact up to 2^21 documents a bucket, since a double holds 53 bits and a fingerprint 32. */
  readonly sum: number;
}

/** One copy as it is first seen. */
export interface Seen {
  readonly id: string;
  /** Says all that can differ: the same for equal copies. */
  readonly mark: string;
}

/** What a region's index comes to as a whole. */
export interface Totals {
  readonly documents: number;
  readonly sum: number;
  /** Documents without a fingerprint: written before there was one. */
  readonly unprinted: number;
}

/** One index of one region as of one moment; an index that is not there is empty. Every method asks the cluster. */
export interface Look {
  totals(): Promise<Totals>;
  /** Documents by stretches of `interval` (a power of two), of these ranges alone; empty buckets are left out. */
  buckets(ranges: readonly Range[], interval: number): Promise<Bucket[]>;
  /** Copies with a fingerprint in these ranges: id, version, fingerprint. */
  printed(ranges: readonly Range[]): AsyncIterable<Seen>;
  /** Copies with their contents looked at, of every document or those without a fingerprint; slice `at` of `of`, by id. */
  contents(of: 'all' | 'unprinted', slice: { readonly at: number; readonly of: number }): AsyncIterable<Seen>;
  close(): Promise<void>;
}
