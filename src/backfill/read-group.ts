import { createHash } from 'node:crypto';
import { parquetMetadataAsync, parquetReadObjects, type AsyncBuffer } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { LRUCache } from 'lru-cache';
import { SluiceError, messageOf } from '../domain/errors.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import { exactly, storeBuffer } from '../warehouse/store-buffer.ts';
import type { Row } from './case.ts';
import { EXACT_PARSERS, exactFile, type ExactFile } from './exact-values.ts';
import type { Column, Group, ManifestFile } from './manifest.ts';
import { columnsOf } from './parquet-facts.ts';

/** Footers remembered at once. */
const FOOTERS = 64;

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
  async read(group: Group): Promise<readonly Row[]> {
    try {
      const { metadata, toRow } = await this.#footer(group.file);
      const file = await this.#bytes(group);
      const rowStart = group.file.rowGroups.slice(0, group.index).reduce((sum, { rows }) => sum + rows, 0);
      const rows = await parquetReadObjects({ file, metadata, rowStart, rowEnd: rowStart + group.rows, compressors, parsers: EXACT_PARSERS, utf8: false });
      if (rows.length !== group.rows) throw damaged(group, `it has ${rows.length} rows, the manifest says ${group.rows}`);
      return rows.map(toRow);
    } catch (error) {
      if (error instanceof SluiceError) throw error;
      throw damaged(group, `it cannot be read: ${messageOf(error)}`, error);
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
    const found = columnsOf(footer);
    if (JSON.stringify(found) !== JSON.stringify(this.#columns)) {
      throw new SluiceError('INPUT_INVALID', `${file.key} has other columns than the manifest says: ${JSON.stringify(found)}`);
    }
    return exactFile(footer);
  }

  async #bytes(group: Group): Promise<AsyncBuffer> {
    const { file, start, end } = group;
    const fetched = await this.#store.get(file.key, { range: { start, end }, ifMatch: file.etag });
    if (fetched.kind !== 'found') throw damaged(group, fetched.kind === 'absent' ? 'the file is gone' : 'the file was changed since it was extracted');
    if (createHash('sha256').update(fetched.bytes).digest('hex') !== group.sha256) throw damaged(group, 'its checksum is not the one of the manifest');
    const bytes = exactly(fetched.bytes);
    return {
      byteLength: file.bytes,
      slice: (from, to = file.bytes) => {
        if (from < start || to > end) throw damaged(group, `its columns lie outside of it (bytes ${from} to ${to})`);
        return bytes.slice(from - start, to - start);
      },
    };
  }
}

function damaged({ file, index }: Group, what: string, cause?: unknown): SluiceError {
  return new SluiceError('INPUT_INVALID', `row group ${index} of ${file.key}: ${what}; plan and extract anew`, cause === undefined ? {} : { cause });
}
