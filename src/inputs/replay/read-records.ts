import type { Readable } from 'node:stream';
import { SluiceError } from '../../domain/errors.ts';
import type { InputRecord } from '../record.ts';
import { COLUMNS } from '../retail-sales/line.ts';
import type { CsvLine } from '../retail-sales/line.ts';
import { RetailFeeder } from '../retail-sales/retail-feeder.ts';
import { csvRows } from './csv-rows.ts';
import { linesOf } from './lines.ts';
import { openInput } from './open-input.ts';
import type { Format, OpenInput } from './open-input.ts';
import { parquetRows } from './parquet-rows.ts';

export interface ReplayInput {
  readonly pipeline: string;
  /** Files, read one after the other as if they were one; `-` is standard input. */
  readonly paths: readonly string[];
  readonly stdin: Readable;
  /** Found out from the bytes when absent. */
  readonly format?: Format | undefined;
  /** Field whose value keys the record (retail-sales has its own rule). */
  readonly keyField?: string | undefined;
  /** Field that holds the record's own time: epoch ms or ISO 8601. */
  readonly timeField?: string | undefined;
  /** Told of each file that is read from its beginning to its end, with a way to ask how far that has come. */
  readonly onOpen?: (path: string, bytesRead: () => number) => void;
}

export const RETAIL_SALES = 'retail-sales';

/** The records of the files in order, with bounded memory. Rejects with `INPUT_INVALID` where a file cannot be read. */
export async function* readRecords(input: ReplayInput): AsyncGenerator<InputRecord, void, undefined> {
  const feeder = new RetailFeeder();
  for (const path of input.paths) {
    const open = await openInput(path, input.stdin, input.format);
    if (open.format !== 'parquet') input.onOpen?.(path, open.bytesRead);
    if (input.pipeline === RETAIL_SALES && open.format !== 'ndjson') yield* retailRecords(rowsOf(open, requireSalesColumns), feeder);
    else yield* plainRecords(open, input);
  }
}

async function* retailRecords(rows: AsyncIterable<Readonly<Record<string, unknown>>>, feeder: RetailFeeder): AsyncGenerator<InputRecord> {
  for await (const row of rows) {
    const { key, event } = feeder.feed(retailLine(row));
    yield { pipeline: RETAIL_SALES, key: Buffer.from(key), payload: Buffer.from(JSON.stringify(event)), timestamp: timeOf(event.InvoiceDate) };
  }
}

function requireSalesColumns(names: readonly string[]): void {
  const missing = COLUMNS.filter((column) => !names.includes(column));
  if (missing.length > 0) throw new SluiceError('INPUT_INVALID', `these are no sales lines: columns ${missing.join(', ')} are missing; there are ${names.join(', ')}`);
}

function requireNothing(): void {}

/** CSV rows hold strings; Parquet may hold numbers and times. */
function retailLine(row: Readonly<Record<string, unknown>>): CsvLine {
  return Object.fromEntries(COLUMNS.flatMap((column) => {
    const value = row[column];
    if (value === undefined) return [];
    if (value === null) return [[column, '']];
    return [[column, column === 'InvoiceDate' && typeof value === 'number' ? `${new Date(value).toISOString().slice(0, 19)}Z` : String(value)]];
  }));
}

async function* plainRecords(open: OpenInput, input: ReplayInput): AsyncGenerator<InputRecord> {
  if (open.format === 'ndjson') {
    for await (const line of linesOf(open.stream)) yield { pipeline: input.pipeline, payload: line, ...factsOf(parsed(line), input) };
    return;
  }
  for await (const row of rowsOf(open, requireNothing)) {
    yield { pipeline: input.pipeline, payload: Buffer.from(JSON.stringify(row)), ...factsOf(row, input) };
  }
}

async function* rowsOf(open: OpenInput, check: (names: readonly string[]) => void): AsyncGenerator<Readonly<Record<string, unknown>>> {
  if (open.format !== 'parquet') {
    yield* csvRows(open.stream, check);
    return;
  }
  try {
    yield* parquetRows(open.path, check);
  } finally {
    await open.close();
  }
}

/** What cannot be parsed goes as it is, without key and time: the pipeline will say what is wrong with it. */
function parsed(line: Buffer): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(line.toString('utf8'));
    return value !== null && typeof value === 'object' ? value as Record<string, unknown> : {};
  } catch {
    return {};
  }
}

function factsOf(row: Readonly<Record<string, unknown>>, { keyField, timeField }: ReplayInput): Pick<InputRecord, 'key' | 'timestamp'> {
  const key = keyField === undefined ? undefined : row[keyField];
  return {
    key: typeof key === 'string' || typeof key === 'number' ? Buffer.from(String(key)) : null,
    timestamp: timeField === undefined ? null : timeOf(row[timeField]),
  };
}

function timeOf(value: unknown): number | null {
  const time = typeof value === 'string' ? Date.parse(value) : value;
  return typeof time === 'number' && Number.isFinite(time) ? time : null;
}
