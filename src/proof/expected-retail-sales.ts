import { open } from 'node:fs/promises';
import { DuckDBInstance } from '@duckdb/node-api';
import type { DuckDBConnection } from '@duckdb/node-api';
import { SluiceError } from '../domain/errors.ts';
import type { ExpectedDocument, ExpectedDocuments } from './expected.ts';
import { CANCELS, DOCUMENTS, LINES, MATCH_TURN, MATCHES, SALES, SOUND } from './retail-sales.sql.ts';

/** Expected documents with what the file holds, for a report. */
export interface ExpectedRetailSales extends ExpectedDocuments {
  readonly lines: number;
  readonly duplicates: number;
  /** Lines that the pipeline must refuse, exact duplicates included. */
  readonly refused: number;
  readonly matchedCancellations: number;
  readonly unmatchedCancellations: number;
  /** Documents by kind and status, such as `sale cancelled`. */
  readonly byKind: Readonly<Record<string, number>>;
  close(): void;
}

/** Works out in DuckDB what the CSV files (plain, gzip or zstd), read one after the other, must become; `limit`: of so many lines. */
export async function expectedRetailSales(files: readonly string[], limit?: number): Promise<ExpectedRetailSales> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '2', preserve_insertion_order: 'true' });
  const connection = await instance.connect();
  const close = (): void => {
    connection.closeSync();
    instance.closeSync();
  };
  try {
    await build(connection, files, limit);
    return { ...await summary(connection), documents: (period) => documentsOf(connection, period), close };
  } catch (error) {
    close();
    throw new SluiceError('INPUT_INVALID', `no expectation can be worked out from ${files.join(', ')}`, { cause: error });
  }
}

async function build(connection: DuckDBConnection, files: readonly string[], limit: number | undefined): Promise<void> {
  const selects = await Promise.all(files.map(rawLines));
  await connection.run(`CREATE TEMP TABLE raw AS SELECT * FROM (${selects.join(' UNION ALL ')}) ${limit === undefined ? '' : `LIMIT ${limit}`}`);
  for (const statement of [LINES, SOUND, SALES, CANCELS, MATCHES]) await connection.run(statement);
  const turns = await number(connection, 'SELECT coalesce(max(turn), 0) FROM cancels');
  for (let turn = 1; turn <= turns; turn += 1) await connection.run(MATCH_TURN, { turn });
  await connection.run(DOCUMENTS);
}

async function rawLines(file: string): Promise<string> {
  const path = file.replaceAll("'", "''");
  return `SELECT InvoiceNo, StockCode, Description, Quantity, InvoiceDate, UnitPrice, CustomerID, Country
    FROM read_csv('${path}', header = true, all_varchar = true, delim = ',', quote = '"', escape = '"', null_padding = true, compression = '${await compressionOf(file)}')`;
}

async function compressionOf(file: string): Promise<string> {
  const handle = await open(file);
  try {
    const { buffer } = await handle.read(Buffer.alloc(4), 0, 4, 0);
    if (buffer.toString('hex') === '28b52ffd') return 'zstd';
    return buffer.toString('hex', 0, 2) === '1f8b' ? 'gzip' : 'none';
  } finally {
    await handle.close();
  }
}

async function summary(connection: DuckDBConnection): Promise<Omit<ExpectedRetailSales, 'documents' | 'close'>> {
  const kinds = await connection.runAndReadAll("SELECT (source->>'kind') || ' ' || (source->>'status') AS kind, count(*)::INTEGER FROM documents GROUP BY 1 ORDER BY 1");
  const periods = await connection.runAndReadAll('SELECT DISTINCT period FROM documents ORDER BY 1');
  return {
    pipeline: 'retail-sales',
    total: await number(connection, 'SELECT count(*) FROM documents'),
    periods: periods.getRows().map(([period]) => String(period)),
    lines: await number(connection, 'SELECT count(*) FROM raw'),
    duplicates: await number(connection, 'SELECT coalesce(sum(duplicates), 0) FROM lines'),
    refused: await number(connection, 'SELECT coalesce(sum(duplicates + 1), 0) FROM lines WHERE n NOT IN (SELECT n FROM sound)'),
    matchedCancellations: await number(connection, 'SELECT count(*) FROM matches'),
    unmatchedCancellations: await number(connection, "SELECT count(*) FROM sound WHERE invoice LIKE 'C%' AND n NOT IN (SELECT cancel_n FROM matches)"),
    byKind: Object.fromEntries(kinds.getRows().map(([kind, count]) => [String(kind), Number(count)])),
  };
}

async function number(connection: DuckDBConnection, sql: string): Promise<number> {
  const reader = await connection.runAndReadAll(sql);
  return Number(reader.getRows()[0]?.[0] ?? 0);
}

async function* documentsOf(connection: DuckDBConnection, period: string): AsyncGenerator<ExpectedDocument, void, undefined> {
  const result = await connection.stream('SELECT id, version, source::VARCHAR FROM documents WHERE period = $period', { period });
  for await (const rows of result.yieldRows()) {
    for (const [id, version, source] of rows) {
      yield { id: String(id), version: Number(version), source: JSON.parse(String(source)) as Record<string, unknown> };
    }
  }
}
