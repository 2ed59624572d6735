import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { SluiceError, messageOf } from '../domain/errors.ts';
import { unzstd } from '../inputs/unzstd.ts';
import type { Row, RowValue } from './case.ts';
import type { FileFacts } from './parquet-facts.ts';

/** What a compressed file may hold, bytes: it is one row group, and in memory at once. */
const MOST_BYTES = 256 * 1024 * 1024;
const NEWLINE = 10;
/** Lines name their own fields: there is no schema to compare. */
const COLUMNS = [{ name: '*', type: 'JSON' }] as const;

const DECOMPRESS: Readonly<Record<string, (bytes: Buffer) => Promise<Buffer>>> = {
  gz: (bytes) => promisify<Buffer, { maxOutputLength: number }, Buffer>(gunzip)(bytes, { maxOutputLength: MOST_BYTES }),
  zst: unzstdAll,
};

/** Rows and row groups of a file of JSON objects, one a line: every `groupRows` lines, or the whole file where it is compressed. */
export async function ndjsonFacts(key: string, bytes: Buffer, groupRows: number): Promise<FileFacts> {
  const spans = isCompressed(key) ? [{ start: 0, end: bytes.length }] : [...spansOf(bytes, groupRows)];
  const rowGroups = [];
  let lines = 0;
  for (const { start, end } of spans) {
    const piece = bytes.subarray(start, end);
    const rows = await ndjsonRows(key, piece, lines);
    lines += groupRows;
    rowGroups.push({ rows: rows.length, start, end, sha256: createHash('sha256').update(piece).digest('hex') });
  }
  return { columns: COLUMNS, rows: rowGroups.reduce((sum, { rows }) => sum + rows, 0), rowGroups };
}

/** The rows in the bytes of a row group, which comes after so many lines of its file. Throws INPUT_INVALID that names the line which is no JSON object. */
export async function ndjsonRows(key: string, bytes: Buffer, linesBefore = 0): Promise<Row[]> {
  const decompress = DECOMPRESS[endingOf(key)];
  const text = decompress === undefined ? bytes : await decompress(bytes);
  const lines = text.toString('utf8').split('\n');
  return lines.flatMap((line, at) => (line.trim() === '' ? [] : [rowOf(line, linesBefore + at)]));
}

async function unzstdAll(bytes: Buffer): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of unzstd([bytes])) {
    size += piece.length;
    if (size > MOST_BYTES) throw new SluiceError('INPUT_INVALID', `it holds more than ${MOST_BYTES} bytes`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

function rowOf(line: string, at: number): Row {
  let value: RowValue;
  try {
    value = JSON.parse(line, exactNumber as (key: string, value: unknown) => unknown) as RowValue;
  } catch (cause) {
    throw new SluiceError('INPUT_INVALID', `line ${at + 1} is no JSON: ${messageOf(cause)}`, { cause });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new SluiceError('INPUT_INVALID', `line ${at + 1} is no JSON object`);
  return value as Row;
}

/** Fractions as text, as decimals are in other formats; integers beyond 2^53 as bigint. */
function exactNumber(_: string, value: unknown, { source }: { source?: string }): unknown {
  if (typeof value !== 'number' || source === undefined) return value;
  if (/^-?\d+$/.test(source)) return Number.isSafeInteger(value) ? value : BigInt(source);
  return /[eE]/.test(source) ? value : source;
}

function* spansOf(bytes: Buffer, groupRows: number): Generator<{ start: number; end: number }> {
  let [start, rows] = [0, 0];
  for (let at = bytes.indexOf(NEWLINE); at !== -1; at = bytes.indexOf(NEWLINE, at + 1)) {
    rows += 1;
    if (rows < groupRows) continue;
    yield { start, end: at + 1 };
    [start, rows] = [at + 1, 0];
  }
  if (start < bytes.length) yield { start, end: bytes.length };
}

function isCompressed(key: string): boolean {
  return endingOf(key) in DECOMPRESS;
}

function endingOf(key: string): string {
  return key.slice(key.lastIndexOf('.') + 1);
}
