import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { AsyncRecordBatchFileReader, RecordBatchReader, type RecordBatch } from 'apache-arrow';
import type { AsyncBuffer } from 'hyparquet';
import { SluiceError } from '../domain/errors.ts';
import { arrowColumns, arrowReader } from './arrow-values.ts';
import type { Row } from './case.ts';
import type { FileFacts } from './parquet-facts.ts';

interface Block { readonly offset: number; readonly metaDataLength: number; readonly bodyLength: number }
interface Footer { readonly numRecordBatches: number; recordBatches(): Iterable<Block> }

/** Columns, rows and record batches of an Arrow IPC file; a record batch is what a row group is elsewhere. */
export async function arrowFacts(file: AsyncBuffer): Promise<FileFacts> {
  const reader = await open(file);
  const rowGroups = [];
  for (const [index, { offset, metaDataLength, bodyLength }] of [...footerOf(reader).recordBatches()].entries()) {
    const [start, end] = [offset, offset + metaDataLength + bodyLength];
    const sha256 = createHash('sha256').update(Buffer.from(await file.slice(start, end))).digest('hex');
    rowGroups.push({ rows: (await batchOf(reader, index)).numRows, start, end, sha256 });
  }
  return { columns: arrowColumns(reader.schema), rows: rowGroups.reduce((sum, { rows }) => sum + rows, 0), rowGroups };
}

/** The columns and rows of one record batch; the file's footer and dictionaries are read with it. */
export async function arrowRows(file: AsyncBuffer, index: number): Promise<{ columns: FileFacts['columns']; rows: Row[] }> {
  const reader = await open(file);
  const batch = await batchOf(reader, index);
  const columns = batch.schema.fields.map(({ name }, at) => [name, arrowReader(batch.data.children[at] as Parameters<typeof arrowReader>[0])] as const);
  return { columns: arrowColumns(reader.schema), rows: Array.from({ length: batch.numRows }, (_, row) => Object.fromEntries(columns.map(([name, read]) => [name, read(row)]))) };
}

async function batchOf(reader: AsyncRecordBatchFileReader, index: number): Promise<RecordBatch> {
  const batch = await reader.readRecordBatch(index);
  if (batch === null) throw new SluiceError('INPUT_INVALID', `it has no record batch ${index}`);
  return batch;
}

/** The library reads files through a handle: this one serves the pieces that it asks for. */
async function open(file: AsyncBuffer): Promise<AsyncRecordBatchFileReader> {
  const handle = {
    fd: 0,
    stat: async () => ({ size: file.byteLength }),
    read: async (target: Uint8Array, offset: number, length: number, position: number) => {
      const bytes = new Uint8Array(await file.slice(position, Math.min(file.byteLength, position + length)));
      target.set(bytes, offset);
      return { bytesRead: bytes.length, buffer: target };
    },
    close: async () => undefined,
  };
  const reader = await RecordBatchReader.from(handle as unknown as FileHandle);
  await reader.open();
  if (!(reader instanceof AsyncRecordBatchFileReader)) throw new SluiceError('INPUT_INVALID', 'it is no Arrow IPC file');
  return reader;
}

/** The library keeps the footer to itself, and with it where the record batches lie. */
function footerOf(reader: AsyncRecordBatchFileReader): Footer {
  const footer = (reader as unknown as { _impl: { _footer?: Footer } })._impl._footer;
  if (footer === undefined) throw new SluiceError('BUG', 'an Arrow reader was opened without its footer');
  return footer;
}
