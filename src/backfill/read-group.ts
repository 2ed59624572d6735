import { createHash } from 'node:crypto';
import { zstdDecompressSync } from 'node:zlib';
import { parquetMetadataAsync, parquetRead, type AsyncBuffer, type Compressors, type DecodedArray } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { LRUCache } from 'lru-cache';
import { SluiceError, messageOf } from '../domain/errors.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import { exactly, storeBuffer } from '../warehouse/store-buffer.ts';
import type { Rows } from './case.ts';
import { ColumnRows } from './column-rows.ts';
import { EXACT_PARSERS, exactFile, type ExactFile } from './exact-values.ts';
import type { Column, Group, ManifestFile } from './manifest.ts';
import { ndjsonRows } from './ndjson-file.ts';
import { columnsOf } from './parquet-facts.ts';

/** Footers remembered at once. */
const FOOTERS = 64;
/** Zstandard, which extracts are written with, by Node's own code: the library's is JavaScript. */
const COMPRESSORS: Compressors = { ...compressors, ZSTD: (input) => zstdDecompressSync(input) };

/** A row group that is here, checked, and not decoded yet. */
export interface FetchedGroup { rows(): Promise<Rows> }

/** Reads row groups of an extract: one request each, checked against the manifest before a byte is believed. */
export class GroupReader {
  readonly #store: ObjectStore;
  readonly #columns: readonly Column[];
  readonly #footers = new LRUCache<string, Promise<ExactFile>>({ max: FOOTERS });

  constructor(store: ObjectStore, columns: readonly Column[]) {
    this.#store = store;
    this.#columns = columns;
  }

  /** The rows of a group; rejects with INPUT_INVALID that names file and row group where they are not those of the manifest. */
  async read(group: Group): Promise<Rows> {
    return await (await this.fetch(group)).rows();
  }

  /** The bytes of a group, to be decoded later: they take a tenth of the memory. Both steps reject as `read` does. */
  async fetch(group: Group): Promise<FetchedGroup> {
    const rows = await told(group, () => this.#fetch(group));
    return {
      rows: () => told(group, async () => {
        const decoded = await rows();
        if (decoded.length !== group.rows) throw damaged(group, `it has ${decoded.length} rows, the manifest says ${group.rows}`);
        return decoded;
      }),
    };
  }

  async #fetch(group: Group): Promise<() => Promise<Rows>> {
    switch (group.file.format) {
      case 'parquet': {
        const [footer, piece] = [await this.#footer(group.file), await this.#piece(group)];
        return () => parquetRows(group, footer, piece);
      }
      case 'ndjson': {
        const bytes = await this.#bytes(group);
        return () => ndjsonRows(group.file.key, bytes);
      }
      case 'arrow': {
        const piece = await this.#piece(group);
        return async () => {
          // Most extracts are Parquet, and are spared the 20 MB of the library.
          const { arrowRows } = await import('./arrow-file.ts');
          const { columns, rows } = await arrowRows(piece, group.index);
          this.#compare(group.file.key, columns);
          return rows;
        };
      }
    }
  }

  #footer(file: ManifestFile): Promise<ExactFile> {
    let footer = this.#footers.get(file.key);
    if (footer === undefined) {
      footer = this.#readFooter(file);
      this.#footers.set(file.key, footer);
      footer.catch(() => this.#footers.delete(file.key)); // asked again next time; the reader of this time is told below
    }
    return footer;
  }

  async #readFooter(file: ManifestFile): Promise<ExactFile> {
    const footer = await parquetMetadataAsync(storeBuffer(this.#store, file.key, file.bytes, file.etag));
    this.#compare(file.key, columnsOf(footer));
    return exactFile(footer);
  }

  #compare(key: string, found: readonly Column[]): void {
    if (JSON.stringify(found) !== JSON.stringify(this.#columns)) throw new SluiceError('INPUT_INVALID', `${key} has other columns than the manifest says: ${JSON.stringify(found)}`);
  }

  /** The group's bytes, checked. */
  async #bytes(group: Group): Promise<Buffer> {
    const { file, start, end } = group;
    const fetched = await this.#store.get(file.key, { range: { start, end }, ifMatch: file.etag });
    if (fetched.kind !== 'found') throw damaged(group, fetched.kind === 'absent' ? 'the file is gone' : 'the file was changed since it was extracted');
    if (createHash('sha256').update(fetched.bytes).digest('hex') !== group.sha256) throw damaged(group, 'its checksum is not the one of the manifest');
    return fetched.bytes;
  }

  /** The file, of which the group's bytes are here; Arrow files have their footer and dictionaries elsewhere, Parquet row groups are whole. */
  async #piece(group: Group): Promise<AsyncBuffer> {
    const { file, start, end } = group;
    const bytes = exactly(await this.#bytes(group));
    const rest = storeBuffer(this.#store, file.key, file.bytes, file.etag);
    return {
      byteLength: file.bytes,
      slice: (from, to = file.bytes) => {
        if (from >= start && to <= end) return bytes.slice(from - start, to - start);
        if (file.format === 'arrow') return rest.slice(from, to);
        throw damaged(group, `its columns lie outside of it (bytes ${from} to ${to})`);
      },
    };
  }
}

async function parquetRows(group: Group, { metadata, columns }: ExactFile, file: AsyncBuffer): Promise<Rows> {
  const chunks = new Map<string, DecodedArray[]>([...columns.keys()].map((name) => [name, []]));
  const rowStart = group.file.rowGroups.slice(0, group.index).reduce((sum, { rows }) => sum + rows, 0);
  await parquetRead({
    file, metadata, rowStart, rowEnd: rowStart + group.rows, compressors: COMPRESSORS, parsers: EXACT_PARSERS, utf8: false,
    onChunk: ({ columnName, columnData }) => void chunks.get(columnName)?.push(columnData),
  });
  return new ColumnRows([...columns].map(([name, exact]) => ({ name, values: joined(chunks.get(name) ?? []), exact })));
}

/** A column that was written in one page, as most are, is taken as it is. */
function joined(chunks: readonly DecodedArray[]): ArrayLike<unknown> {
  const [first = []] = chunks;
  return chunks.length <= 1 ? first : chunks.flatMap((chunk) => Array.from<unknown>(chunk));
}

/** Names file and row group in whatever goes wrong. */
async function told<Result>(group: Group, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof SluiceError && (error.code !== 'INPUT_INVALID' || error.message.includes(group.file.key))) throw error;
    throw damaged(group, `it cannot be read: ${messageOf(error)}`, error);
  }
}

function damaged({ file, index }: Group, what: string, cause?: unknown): SluiceError {
  return new SluiceError('INPUT_INVALID', `row group ${index} of ${file.key}: ${what}; plan and extract anew`, cause === undefined ? {} : { cause });
}
