/** What an engine outside of this process is to do: run the query for each day and write its rows as Parquet where `folder` says. */
export interface ExtractJob {
  readonly sql: string;
  /** The query sees one day of it at a time. */
  readonly dated: string;
  readonly tables: readonly string[];
  /** `folder`: key of the day's folder in the object store. */
  readonly days: readonly { readonly day: string; readonly folder: string }[];
}

/** An SQL engine that writes to the object store by itself (Spark in production). */
export interface ExtractEngine {
  readonly name: string;
  /** Resolves when every day is written. Rejects with SluiceError `QUERY_FAILED`; an aborted signal ends it. */
  run(job: ExtractJob, signal: AbortSignal): Promise<void>;
}
