import { createWriteStream } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { once } from 'node:events';
import { generate, GENERATED, type Generated } from '../inputs/generate/generate.ts';
import { readReferenceIds } from '../inputs/generate/reference.ts';
import { parseCategories } from '../lookups/parse-categories.ts';
import { sqlText, type TableEngine } from '../ports/table-engine.ts';
import { categories, closedListings, salesLines, sellers, soldItems, type TableName } from './tables.ts';

/** Rows of a row group: near 4 MB of such rows, which a loader holds in memory at once. */
const ROW_GROUP_ROWS = 16_384;
const DEFAULT_FROM = Date.UTC(2026, 10, 2);
/** How often progress is told, events. */
const TELL_EVERY = 5_000;

export interface SeedOptions {
  /** Events generated; each document's newest state becomes a row. */
  readonly count: number;
  readonly seed: number;
  /** When the story begins, epoch ms. */
  readonly from?: number | undefined;
  readonly perDay?: number | undefined;
  /** Folder with categories.json and sellers.ndjson. */
  readonly reference: string;
  /** A CSV file of sales lines for one more table. */
  readonly sales?: string | undefined;
  /** Folder of the warehouse. */
  readonly target: string;
  /** Folder for what is only needed on the way; it must be on the same disk as the target. */
  readonly scratch: string;
  readonly onProgress?: (events: number) => void;
}

export interface SeededTable {
  readonly table: TableName;
  readonly rows: number;
  readonly partitions: number;
}

/** Fills the warehouse; tables that were there are replaced, one after the other, each as a whole. */
export async function seedWarehouse(engine: TableEngine, options: SeedOptions, signal: AbortSignal): Promise<SeededTable[]> {
  await mkdir(options.scratch, { recursive: true });
  const queries = await queriesOf(options, signal);
  const seeded: SeededTable[] = [];
  for (const [table, query] of queries) seeded.push(await writeTable(engine, table, query, options, signal));
  return seeded;
}

async function queriesOf(options: SeedOptions, signal: AbortSignal): Promise<[TableName, string][]> {
  const events = await writeEvents(options, signal);
  const dt = new Date(options.from ?? DEFAULT_FROM).toISOString().slice(0, 10);
  return [
    ['sold_items', soldItems(events['sold-items'])],
    ['closed_listings', closedListings(events['closed-listings'])],
    ['sellers', sellers(join(options.reference, 'sellers.ndjson'), dt)],
    ['categories', categories(await writeCategories(options), dt)],
    ...(options.sales === undefined ? [] : [['sales_lines', salesLines(options.sales)] as [TableName, string]]),
  ];
}

/** The generator's events as files, one for each pipeline, one event a line. */
async function writeEvents({ reference, scratch, count, seed, from, perDay, onProgress }: SeedOptions, signal: AbortSignal): Promise<Record<Generated, string>> {
  const files = Object.fromEntries(GENERATED.map((pipeline) => [pipeline, join(scratch, `${pipeline}.ndjson`)])) as Record<Generated, string>;
  const streams = new Map(GENERATED.map((pipeline) => [pipeline, createWriteStream(files[pipeline])]));
  let written = 0;
  const story = { count, seed, ...(from === undefined ? {} : { from }), ...(perDay === undefined ? {} : { perDay }) };
  for (const { pipeline, payload } of generate(await readReferenceIds(reference), story)) {
    const stream = streams.get(pipeline);
    if (stream !== undefined && !stream.write(Buffer.concat([payload, Buffer.from('\n')]))) await once(stream, 'drain');
    written += 1;
    if (written % TELL_EVERY !== 0) continue;
    signal.throwIfAborted();
    onProgress?.(written);
  }
  await Promise.all([...streams.values()].map((stream) => new Promise<void>((resolve, reject) => { stream.once('error', reject).end(resolve); })));
  return files;
}

async function writeCategories({ reference, scratch }: SeedOptions): Promise<string> {
  const file = join(scratch, 'categories.ndjson');
  const all = parseCategories(await readFile(join(reference, 'categories.json'), 'utf8'));
  await writeFile(file, [...all.values()].map((category) => `${JSON.stringify(category)}\n`).join(''));
  return file;
}

async function writeTable(engine: TableEngine, table: TableName, query: string, { scratch, target }: SeedOptions, signal: AbortSignal): Promise<SeededTable> {
  const fresh = join(scratch, table);
  await engine.run(`CREATE OR REPLACE TEMP TABLE seeded AS ${query}`, signal);
  await engine.run(`COPY seeded TO ${sqlText(fresh)} (FORMAT parquet, PARTITION_BY (dt), COMPRESSION zstd, ROW_GROUP_SIZE ${ROW_GROUP_ROWS})`, signal);
  const [counts] = await engine.rows('SELECT count(*)::INTEGER AS n, count(DISTINCT dt)::INTEGER AS days FROM seeded');
  await mkdir(target, { recursive: true });
  await rm(join(target, table), { recursive: true, force: true });
  await rename(fresh, join(target, table));
  return { table, rows: Number(counts?.['n']), partitions: Number(counts?.['days']) };
}
