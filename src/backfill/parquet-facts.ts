import { createHash } from 'node:crypto';
import { parquetMetadataAsync, type AsyncBuffer, type FileMetaData, type RowGroup, type SchemaElement } from 'hyparquet';
import type { Column, ManifestFile } from './manifest.ts';

/** Columns, rows and row groups of a data file, with a checksum of each row group's bytes. */
export interface FileFacts {
  readonly columns: readonly Column[];
  readonly rows: number;
  readonly rowGroups: ManifestFile['rowGroups'];
}

/** Rows of a file, by its footer alone. */
export async function rowsOf(file: AsyncBuffer): Promise<number> {
  return Number((await parquetMetadataAsync(file)).num_rows);
}

/** Reads footer and every row group of a file, one at a time. */
export async function factsOf(file: AsyncBuffer): Promise<FileFacts> {
  const metadata = await parquetMetadataAsync(file);
  const rowGroups: ManifestFile['rowGroups'] = [];
  for (const group of metadata.row_groups) {
    const { start, end } = spanOf(group);
    const bytes = Buffer.from(await file.slice(start, end));
    rowGroups.push({ rows: Number(group.num_rows), start, end, sha256: createHash('sha256').update(bytes).digest('hex') });
  }
  return { columns: columnsOf(metadata), rows: Number(metadata.num_rows), rowGroups };
}

/** Where a row group's bytes lie: its columns follow each other. */
export function spanOf(group: RowGroup): { start: number; end: number } {
  const chunks = group.columns.flatMap(({ meta_data }) => {
    if (meta_data === undefined) return [];
    const first = Number(meta_data.dictionary_page_offset ?? 0n) > 0 ? Math.min(Number(meta_data.dictionary_page_offset), Number(meta_data.data_page_offset)) : Number(meta_data.data_page_offset);
    return [{ start: first, end: first + Number(meta_data.total_compressed_size) }];
  });
  return { start: Math.min(...chunks.map(({ start }) => start)), end: Math.max(...chunks.map(({ end }) => end)) };
}

/** The file's columns, each with a type in words; nested ones are named by their path. */
export function columnsOf({ schema }: Pick<FileMetaData, 'schema'>): Column[] {
  const columns: Column[] = [];
  let at = 1;
  const visit = (path: readonly string[]): void => {
    const element = schema[at] as SchemaElement;
    at += 1;
    const name = [...path, element.name];
    const children = element.num_children ?? 0;
    if (children === 0) columns.push({ name: name.join('.'), type: typeOf(element) });
    for (let child = 0; child < children; child += 1) visit(name);
  };
  while (at < schema.length) visit([]);
  return columns;
}

function typeOf({ type, converted_type, precision, scale, type_length }: SchemaElement): string {
  if (converted_type === 'DECIMAL') return `DECIMAL(${precision ?? 0},${scale ?? 0})`;
  return converted_type ?? (type_length === undefined ? String(type) : `${type}(${type_length})`);
}
