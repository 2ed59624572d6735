import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import { SluiceError, messageOf } from '../../domain/errors.ts';
import type { TableEngine, TableRow } from '../../ports/table-engine.ts';

export interface DuckDbSettings {
  readonly threads: number;
  /** Such as `1GB`; what does not fit goes to `spillFolder`. */
  readonly memoryLimit: string;
  readonly spillFolder: string;
}

/** DuckDB in this process. */
export async function openDuckDb({ threads, memoryLimit, spillFolder }: DuckDbSettings): Promise<TableEngine> {
  const instance = await DuckDBInstance.create(':memory:', { threads: String(threads), memory_limit: memoryLimit, temp_directory: spillFolder, preserve_insertion_order: 'true' });
  const connection = await instance.connect();
  // As Spark is told as well: one query selects the same rows wherever it runs.
  await connection.run("SET TimeZone = 'UTC'");
  return {
    run: async (sql, signal) => {
      signal?.throwIfAborted();
      const interrupt = (): void => connection.interrupt();
      signal?.addEventListener('abort', interrupt, { once: true });
      try {
        await connection.run(sql);
      } catch (error) {
        signal?.throwIfAborted();
        throw failed(error);
      } finally {
        signal?.removeEventListener('abort', interrupt);
      }
    },
    rows: (sql) => rowsOf(connection, sql),
    close: () => {
      connection.closeSync();
      instance.closeSync();
    },
  };
}

async function rowsOf(connection: DuckDBConnection, sql: string): Promise<readonly TableRow[]> {
  try {
    return (await connection.runAndReadAll(sql)).getRowObjectsJson();
  } catch (error) {
    throw failed(error);
  }
}

function failed(error: unknown): SluiceError {
  return new SluiceError('QUERY_FAILED', `the query failed: ${messageOf(error)}`, { cause: error });
}
