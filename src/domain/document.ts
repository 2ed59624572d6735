/** Longest `_id` that Elasticsearch takes, UTF-8 bytes; it refuses a longer one, and with it the whole request. */
export const MAX_ID_BYTES = 512;

/** What is indexed: the result of enriching one event. */
export interface Document {
  /** Elasticsearch `_id`: 1…512 UTF-8 bytes. For marketplace items: listing id + transaction id. */
  readonly id: string;
  /** Partition key of the regional topic (listing id), so that one document's records stay in one partition. */
  readonly key: string;
  /** Version given by the source (milliseconds or a sequence), 0…2^43-1; the epoch is added by the pipeline. */
  readonly sourceVersion: number;
  /** Immutable date that chooses the index, epoch ms. Never changes over the life of a document. */
  readonly routingTime: number;
  /** True for a tombstone: the document stays, hidden by the alias, so that its version outlives `gc_deletes`. */
  readonly deleted: boolean;
  /** JSON object, without `origin`, `fingerprint` and `deleted` (all are added on the way). */
  readonly body: Readonly<Record<string, unknown>>;
}
