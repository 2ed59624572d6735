import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from 'hyparquet';
import type { FileMetaData, SchemaElement } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { SluiceError } from '../../domain/errors.ts';

/** Rows decoded at once; row groups are larger. */
const SLICE_ROWS = 20_000;

/** A row as JSON values: decimals are strings, times epoch ms, integers beyond 2^53 strings. */
export type ParquetRow = Readonly<Record<string, unknown>>;

/** The rows of a Parquet file in order, slice by slice. `check` may refuse the columns by throwing. */
export async function* parquetRows(path: string, check: (names: readonly string[]) => void): AsyncGenerator<ParquetRow, void, undefined> {
  try {
    const file = await asyncBufferFromFile(path);
    const metadata = await parquetMetadataAsync(file);
    check(metadata.schema.slice(1).map(({ name }) => name));
    const toJson = rowReader(metadata);
    for (const { rowStart, rowEnd } of slicesOf(metadata)) {
      const rows = await parquetReadObjects({ file, metadata, rowStart, rowEnd, compressors, useOffsetIndex: true });
      for (const row of rows) yield toJson(row);
    }
  } catch (error) {
    if (error instanceof SluiceError) throw error;
    throw new SluiceError('INPUT_INVALID', `${path} cannot be read as Parquet`, { cause: error });
  }
}

/** No slice reaches over the end of a row group. */
function* slicesOf(metadata: FileMetaData): Generator<{ rowStart: number; rowEnd: number }> {
  let start = 0;
  for (const group of metadata.row_groups) {
    const end = start + Number(group.num_rows);
    for (; start < end; start = Math.min(end, start + SLICE_ROWS)) yield { rowStart: start, rowEnd: Math.min(end, start + SLICE_ROWS) };
  }
}

function rowReader(metadata: FileMetaData): (row: Readonly<Record<string, unknown>>) => ParquetRow {
  const columns = new Map(metadata.schema.slice(1).map((element) => [element.name, element]));
  return (row) => Object.fromEntries(Object.entries(row).map(([name, value]) => [name, jsonValue(value, columns.get(name))]));
}

function jsonValue(value: unknown, column: SchemaElement | undefined): unknown {
  if (value instanceof Date) return value.getTime();
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  // The reader makes decimals inexact doubles; their scale says what they were.
  if (typeof value === 'number' && column?.converted_type === 'DECIMAL') return value.toFixed(column.scale ?? 0);
  if (value instanceof Uint8Array) return Buffer.from(value).toString('utf8');
  if (Array.isArray(value)) return value.map((inner) => jsonValue(inner, undefined));
  return value;
}
