import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { SluiceError } from '../domain/errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import { sqlText, type TableEngine } from '../ports/table-engine.ts';
import type { Partition, WarehouseFiles } from '../warehouse/files.ts';
import type { BackfillCase } from './case.ts';
import { commit, madeOf, type Made } from './commit.ts';
import type { CycleKeys } from './keys.ts';
import type { Manifest } from './manifest.ts';
import type { Plan } from './plan.ts';
import { queryOf } from './query.ts';

/** A data file is closed at about this size: it is sent as one piece of memory. */
const FILE_BYTES = '32MB';

export interface ExtractParts {
  readonly store: ObjectStore;
  readonly keys: CycleKeys;
  readonly files: WarehouseFiles;
  readonly engine: TableEngine;
  readonly clock: Clock;
  /** Rows of a row group. */
  readonly rowGroupRows: number;
  readonly scratch: string;
  /** Names this try; data of other tries is never taken for its own. */
  readonly attempt: string;
  readonly onProgress?: (progress: { readonly day: string; readonly days: number; readonly rows: number }) => void;
}

/**
 * Runs the case's query day by day, puts the files into the store and commits them with a manifest, written last and only
 * once: of two that extract one cycle, the second finds it done. Resolves with the manifest that counts.
 */
export async function extract(plan: Plan, one: BackfillCase, parts: ExtractParts, signal: AbortSignal): Promise<Manifest> {
  const sql = await queryOf(plan, one);
  const partitions = await parts.files.list(one.dated);
  await viewsOf(one, parts, signal);
  const made: Made[] = [];
  for (const [at, { day }] of plan.days.entries()) {
    made.push(...(await extractDay(day, partitions.filter(({ dt }) => dt === day), sql, one, parts, signal)));
    parts.onProgress?.({ day, days: at + 1, rows: made.reduce((sum, { file }) => sum + file.rows, 0) });
  }
  return await commit(plan, made, { ...parts, engine: 'duckdb' });
}

async function viewsOf(one: BackfillCase, parts: ExtractParts, signal: AbortSignal): Promise<void> {
  for (const table of one.joined) {
    const paths = await localPaths(await parts.files.list(table), join(parts.scratch, table), parts);
    await parts.engine.run(viewOf(table, paths), signal);
  }
}

async function extractDay(day: string, partitions: readonly Partition[], sql: string, one: BackfillCase, parts: ExtractParts, signal: AbortSignal): Promise<Made[]> {
  const { engine, scratch, rowGroupRows } = parts;
  const [inputs, output] = [join(scratch, 'day'), join(scratch, 'out')];
  try {
    if (partitions.length === 0) throw new SluiceError('INPUT_INVALID', `the warehouse no longer has ${one.dated} of ${day}: plan anew`);
    await engine.run(viewOf(one.dated, await localPaths(partitions, inputs, parts)), signal);
    await engine.run(`COPY (\n${sql}\n) TO ${sqlText(output)} (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE ${rowGroupRows}, FILE_SIZE_BYTES '${FILE_BYTES}')`, signal);
    const made: Made[] = [];
    for (const name of (await readdir(output)).sort()) made.push(await keep(day, join(output, name), `dt=${day}/${name}`, parts));
    return made;
  } finally {
    await Promise.all([inputs, output].map((folder) => rm(folder, { recursive: true, force: true })));
  }
}

async function keep(day: string, path: string, name: string, { store, keys, attempt, rowGroupRows }: ExtractParts): Promise<Made> {
  const bytes = await readFile(path);
  const key = keys.data(attempt, name);
  const written = await store.put(key, bytes);
  if (written.kind !== 'written') throw new SluiceError('BUG', `${key} was not written without a condition`);
  return await madeOf(key, day, bytes, written.etag, rowGroupRows);
}

function viewOf(name: string, paths: readonly string[]): string {
  return `CREATE OR REPLACE TEMP VIEW ${name} AS SELECT * FROM read_parquet([${paths.map(sqlText).join(', ')}], hive_partitioning = true, hive_types = {'dt': VARCHAR})`;
}

async function localPaths(partitions: readonly Partition[], scratch: string, { files }: ExtractParts): Promise<string[]> {
  const paths: string[] = [];
  for (const partition of partitions) paths.push(await files.local(partition, scratch));
  return paths;
}
