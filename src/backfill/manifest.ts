import { z } from 'zod';
import { SluiceError } from '../domain/errors.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import type { CycleKeys } from './keys.ts';
import { FILE_FORMATS } from './file-format.ts';
import { readJson } from './stored-json.ts';

const count = z.int().nonnegative();
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

/** One row group: what a loader reads with one request, and what is taken up again as a whole. `start` up to but not including `end`. */
const rowGroup = z.strictObject({ rows: count, start: count, end: count, sha256 });

const file = z.strictObject({
  key: z.string().min(1),
  format: z.enum(FILE_FORMATS).default('parquet'),
  day: z.iso.date(),
  bytes: count,
  /** The store's own mark of these bytes: a file that changed is noticed at each read. */
  etag: z.string().min(1),
  sha256,
  rows: count,
  rowGroups: z.array(rowGroup),
});

const column = z.strictObject({ name: z.string().min(1), type: z.string().min(1) });

/** An extract, committed: it is written last, so what it names is whole. */
export const manifestSchema = z.strictObject({
  format: z.literal(1),
  cycle: z.string().min(1),
  /** SHA-256 of the plan that it carries out. */
  plan: sha256,
  engine: z.string().min(1),
  extractedAt: z.iso.datetime(),
  columns: z.array(column).min(1),
  rows: count,
  bytes: count,
  files: z.array(file),
});

export type Manifest = z.output<typeof manifestSchema>;
export type ManifestFile = z.output<typeof file>;
export type Column = z.output<typeof column>;

/** A row group of the manifest with its number in the cycle. */
export interface Group {
  readonly number: number;
  /** Position of the group within its file. */
  readonly index: number;
  readonly file: ManifestFile;
  readonly rows: number;
  readonly start: number;
  readonly end: number;
  readonly sha256: string;
}

/** Every row group, numbered through from 0 in order of the files. */
export function groupsOf(manifest: Manifest): Group[] {
  const groups: Group[] = [];
  for (const each of manifest.files) each.rowGroups.forEach((group, index) => groups.push({ number: groups.length, index, file: each, ...group }));
  return groups;
}

/** The manifest of a cycle; rejects with USAGE where the extract was never finished. */
export async function readManifest(store: ObjectStore, keys: CycleKeys, cycle: string): Promise<Manifest> {
  const found = await readJson(store, keys.manifest, manifestSchema);
  if (found === null) throw new SluiceError('USAGE', `cycle ${cycle} has no finished extract: sluice backfill extract ${cycle}`);
  return found.value;
}
