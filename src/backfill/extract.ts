import { createHash } from 'node:crypto';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { SluiceError } from '../domain/errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import { sqlText, type TableEngine } from '../ports/table-engine.ts';
import type { Partition, WarehouseFiles } from '../warehouse/files.ts';
import { exactly } from '../warehouse/store-buffer.ts';
import type { BackfillCase } from './case.ts';
import type { CycleKeys } from './keys.ts';
import type { Column, Manifest, ManifestFile } from './manifest.ts';
import { factsOf } from './parquet-facts.ts';
import { planDigest, type Plan } from './plan.ts';
import { writeJson } from './stored-json.ts';

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
  const files: ManifestFile[] = [];
  let columns: readonly Column[] | null = null;
  for (const [at, { day }] of plan.days.entries()) {
    const made = await extractDay(day, partitions.filter(({ dt }) => dt === day), sql, one, parts, signal);
    for (const { file, columns: found } of made) {
      refuseOtherColumns(columns, found, file.key);
      columns = found;
      files.push(file);
    }
    parts.onProgress?.({ day, days: at + 1, rows: sum(files.map(({ rows }) => rows)) });
  }
  return await commit(plan, files, columns, parts);
}

async function queryOf({ where }: Plan, one: BackfillCase): Promise<string> {
  const sql = (await readFile(one.sql, 'utf8')).trim().replace(/;$/, '');
  return where === null ? sql : `SELECT * FROM (\n${sql}\n) WHERE ${where}`;
}

async function viewsOf(one: BackfillCase, parts: ExtractParts, signal: AbortSignal): Promise<void> {
  for (const table of one.joined) {
    const paths = await localPaths(await parts.files.list(table), join(parts.scratch, table), parts);
    await parts.engine.run(viewOf(table, paths), signal);
  }
}

interface Made { readonly file: ManifestFile; readonly columns: readonly Column[] }

async function extractDay(day: string, partitions: readonly Partition[], sql: string, one: BackfillCase, parts: ExtractParts, signal: AbortSignal): Promise<Made[]> {
  const { engine, scratch, rowGroupRows } = parts;
  const [inputs, output] = [join(scratch, 'day'), join(scratch, 'out')];
  try {
    if (partitions.length === 0) throw new SluiceError('INPUT_INVALID', `the warehouse no longer has ${one.dated} of ${day}: plan anew`);
    await engine.run(viewOf(one.dated, await localPaths(partitions, inputs, parts)), signal);
    await engine.run(`COPY (\n${sql}\n) TO ${sqlText(output)} (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE ${rowGroupRows}, FILE_SIZE_BYTES '${FILE_BYTES}')`, signal);
    const made: Made[] = [];
    for (const name of (await readdir(output)).sort()) made.push(await keep(day, join(output, name), `dt=${day}/${name}`, parts));
    return made.filter(({ file }) => file.rows > 0);
  } finally {
    await Promise.all([inputs, output].map((folder) => rm(folder, { recursive: true, force: true })));
  }
}

async function keep(day: string, path: string, name: string, { store, keys, attempt }: ExtractParts): Promise<Made> {
  const bytes = await readFile(path);
  const buffer = exactly(bytes);
  const { columns, rows, rowGroups } = await factsOf({ byteLength: buffer.byteLength, slice: (start, end) => buffer.slice(start, end) });
  const key = keys.data(attempt, name);
  const written = await store.put(key, bytes);
  if (written.kind !== 'written') throw new SluiceError('BUG', `${key} was not written without a condition`);
  return { file: { key, day, bytes: bytes.length, etag: written.etag, sha256: createHash('sha256').update(bytes).digest('hex'), rows, rowGroups }, columns };
}

async function commit(plan: Plan, files: readonly ManifestFile[], columns: readonly Column[] | null, { store, keys, clock }: ExtractParts): Promise<Manifest> {
  if (columns === null) throw new SluiceError('INPUT_INVALID', `the query of ${plan.case} gave no row for ${plan.from} to ${plan.to}: nothing to load`);
  const manifest: Manifest = {
    format: 1, cycle: plan.cycle, plan: planDigest(plan), engine: 'duckdb', extractedAt: new Date(clock.now()).toISOString(),
    columns: [...columns], rows: sum(files.map(({ rows }) => rows)), bytes: sum(files.map(({ bytes }) => bytes)), files: [...files],
  };
  const { kind } = await writeJson(store, keys.manifest, manifest, { kind: 'absent' });
  if (kind === 'conflict') throw new SluiceError('USAGE', `cycle ${plan.cycle} was extracted by somebody else meanwhile: that extract counts`);
  return manifest;
}

function refuseOtherColumns(first: readonly Column[] | null, found: readonly Column[], key: string): void {
  if (first === null || JSON.stringify(first) === JSON.stringify(found)) return;
  throw new SluiceError('INPUT_INVALID', `${key} has other columns than the files before it: ${JSON.stringify(found)}, not ${JSON.stringify(first)}`);
}

function viewOf(name: string, paths: readonly string[]): string {
  return `CREATE OR REPLACE TEMP VIEW ${name} AS SELECT * FROM read_parquet([${paths.map(sqlText).join(', ')}], hive_partitioning = true, hive_types = {'dt': VARCHAR})`;
}

async function localPaths(partitions: readonly Partition[], scratch: string, { files }: ExtractParts): Promise<string[]> {
  const paths: string[] = [];
  for (const partition of partitions) paths.push(await files.local(partition, scratch));
  return paths;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
