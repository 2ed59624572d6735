import type { Row, Rows, RowValue } from './case.ts';

/** A column of a row group as it was decoded, and how each value becomes an exact one. */
export interface DecodedColumn {
  readonly name: string;
  readonly values: ArrayLike<unknown>;
  readonly exact: (value: unknown) => RowValue;
}

/** The rows of a row group by its columns: each is made where it is asked for, so that thousands of them are never in memory at once. */
export class ColumnRows implements Rows {
  readonly length: number;
  readonly #columns: readonly DecodedColumn[];
  /** Copied for each row: all of them have one shape, which is much faster than to add the fields one by one. */
  readonly #empty: Row;

  /** Throws where the columns are not equally long. */
  constructor(columns: readonly DecodedColumn[]) {
    this.length = columns[0]?.values.length ?? 0;
    const other = columns.find(({ values }) => values.length !== this.length);
    if (other !== undefined) throw new TypeError(`its column ${other.name} has ${other.values.length} values, the first one ${this.length}`);
    this.#columns = columns;
    this.#empty = Object.fromEntries(columns.map(({ name }) => [name, null]));
  }

  at(index: number): Row | undefined {
    if (index < 0 || index >= this.length) return undefined;
    const row: Record<string, RowValue> = { ...this.#empty };
    for (const { name, values, exact } of this.#columns) row[name] = exact(values[index]);
    return row;
  }

  *[Symbol.iterator](): Generator<Row, void, undefined> {
    for (let index = 0; index < this.length; index += 1) yield this.at(index) as Row;
  }
}
