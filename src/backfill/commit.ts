import { createHash } from 'node:crypto';
import { SluiceError, messageOf } from '../domain/errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import { exactly } from '../warehouse/store-buffer.ts';
import { formatOf, type FileFormat } from './file-format.ts';
import type { CycleKeys } from './keys.ts';
import type { Column, Manifest, ManifestFile } from './manifest.ts';
import { factsOf, type FileFacts } from './parquet-facts.ts';
import { ndjsonFacts } from './ndjson-file.ts';
import { planDigest, type Plan } from './plan.ts';
import { writeJson } from './stored-json.ts';

/** A data file of an extract, and its columns. */
export interface Made { readonly file: ManifestFile; readonly columns: readonly Column[] }

/** What the manifest says of a data file with these bytes; `groupRows` is the rows of a row group where the format has none of its own. Rejects with INPUT_INVALID that names a file which cannot be read. */
export async function madeOf(key: string, day: string, bytes: Buffer, etag: string, groupRows: number): Promise<Made> {
  const format = formatOf(key) ?? 'parquet';
  const { columns, rows, rowGroups } = await factsIn(format, key, bytes, groupRows).catch((cause: unknown) => {
    throw new SluiceError('INPUT_INVALID', `${key} cannot be read as ${format}: ${messageOf(cause)}`, { cause });
  });
  return { file: { key, format, day, bytes: bytes.length, etag, sha256: createHash('sha256').update(bytes).digest('hex'), rows, rowGroups: [...rowGroups] }, columns };
}

async function factsIn(format: FileFormat, key: string, bytes: Buffer, groupRows: number): Promise<FileFacts> {
  const buffer = exactly(bytes);
  const file = { byteLength: buffer.byteLength, slice: (start: number, end?: number) => buffer.slice(start, end) };
  switch (format) {
    case 'parquet': return await factsOf(file);
    case 'arrow': return await (await import('./arrow-file.ts')).arrowFacts(file);
    case 'ndjson': return await ndjsonFacts(key, bytes, groupRows);
  }
}

export interface CommitParts {
  readonly store: ObjectStore;
  readonly keys: CycleKeys;
  readonly clock: Clock;
  readonly engine: string;
}

/** Commits an extract with its manifest, written last and only once. Rejects with INPUT_INVALID where the files do not fit each other, or hold nothing. */
export async function commit(plan: Plan, made: readonly Made[], { store, keys, clock, engine }: CommitParts): Promise<Manifest> {
  const full = made.filter(({ file }) => file.rows > 0);
  const [first] = full;
  if (first === undefined) throw new SluiceError('INPUT_INVALID', `the query of ${plan.case} gave no row for ${plan.from} to ${plan.to}: nothing to load`);
  for (const { file, columns } of full) refuseOtherColumns(first.columns, columns, file.key);
  const files = full.map(({ file }) => file);
  const manifest: Manifest = {
    format: 1, cycle: plan.cycle, plan: planDigest(plan), engine, extractedAt: new Date(clock.now()).toISOString(),
    columns: [...first.columns], rows: sum(files.map(({ rows }) => rows)), bytes: sum(files.map(({ bytes }) => bytes)), files,
  };
  const { kind } = await writeJson(store, keys.manifest, manifest, { kind: 'absent' });
  if (kind === 'conflict') throw new SluiceError('USAGE', `cycle ${plan.cycle} was extracted by somebody else meanwhile: that extract counts`);
  return manifest;
}

function refuseOtherColumns(first: readonly Column[], found: readonly Column[], key: string): void {
  if (JSON.stringify(first) === JSON.stringify(found)) return;
  throw new SluiceError('INPUT_INVALID', `${key} has other columns than the files before it: ${JSON.stringify(found)}, not ${JSON.stringify(first)}`);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
