import type { Fields } from '../domain/pipeline.ts';
import type { TableName } from '../warehouse/tables.ts';

/**
 * A value of an extract: decimals as exact text, timestamps as microseconds since 1970, dates as `yyyy-mm-dd`, integers
 * beyond 2^53 as bigint; lists and structs hold the same.
 */
export type RowValue = string | number | bigint | boolean | null | Uint8Array | readonly RowValue[] | { readonly [name: string]: RowValue };
export type Row = Readonly<Record<string, RowValue>>;
/** The rows of a row group, in order: an array, or what makes each row where it is asked for. */
export interface Rows extends Iterable<Row> {
  readonly length: number;
  /** Undefined beyond the last row. */
  at(index: number): Row | undefined;
}

/** What a backfill is: which rows, and what they become. Lives in `backfill/<name>/case.ts`, its query in `extract.sql` beside it. */
export interface BackfillCase {
  readonly name: string;
  readonly about: string;
  /** Name of the pipeline whose documents are written. */
  readonly pipeline: string;
  readonly sql: URL;
  /** The table whose days are planned; the query sees one day of it at a time, under its own name. */
  readonly dated: TableName;
  /** Tables that the query sees whole. */
  readonly joined: readonly TableName[];
  /** How far the written versions' epoch is above the pipeline's: 0 leaves equal versions alone, 1 beats them. */
  readonly raiseEpoch: number;
  /** The row as the event that the pipeline's source would have sent. Throws where it cannot be one: that costs the row alone. */
  event(row: Row): Record<string, unknown>;
  /** Fields that are added to the document, such as those of a join. */
  readonly fields?: (row: Row) => Fields;
  /** Fields that the mapping must have before anything is written. */
  readonly newFields?: readonly string[];
}

export function defineCase(one: BackfillCase): BackfillCase {
  return one;
}
