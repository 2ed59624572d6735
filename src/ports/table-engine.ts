/** One row of an answer: JSON values, with bigints for integers beyond 2^53. */
export type TableRow = Readonly<Record<string, unknown>>;

/** An embedded SQL engine with a database of its own, in memory, gone when closed. */
export interface TableEngine {
  /** Runs one statement to its end. Rejects with SluiceError `QUERY_FAILED`; an aborted signal interrupts it. */
  run(sql: string, signal?: AbortSignal): Promise<void>;
  /** The rows of a query, all at once: for small answers. */
  rows(sql: string): Promise<readonly TableRow[]>;
  close(): void;
}

/** Text as an SQL string literal. */
export function sqlText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
