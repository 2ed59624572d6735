import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { Command } from 'commander';
import { openDuckDb } from '../../adapters/duckdb/open.ts';
import { systemClock } from '../../adapters/system-clock.ts';
import { progressBar } from '../../control/cli/bar.ts';
import { countOption, numberOption, positiveOption } from '../../control/cli/feed.ts';
import { globalsOf } from '../../control/cli/globals.ts';
import { untilStopped } from '../../control/cli/stop-signal.ts';
import { table } from '../../control/cli/table.ts';
import { SluiceError } from '../../domain/errors.ts';
import { OWN_REFERENCE } from '../../lookups/lookups.ts';
import { seedWarehouse, type SeededTable } from '../../warehouse/seed.ts';
import { uploadFolder } from '../../warehouse/upload.ts';
import { configured } from '../configured.ts';
import { openObjectStore } from '../object-store.ts';

const DEFAULT_COUNT = 100_000;
const MEMORY = '1GB';
const THREADS = 2;

const HELP = `
Examples:
  sluice warehouse seed --count 1000000
  sluice warehouse seed --directory warehouse --count 20000 --per-day 500
  sluice warehouse seed --sales sales.csv.gz

The tables sold_items, closed_listings, sellers, categories (and sales_lines, with --sales) are written as Parquet in
folders dt=yyyy-mm-dd: to --directory, else to warehouse.directory of the configuration, else to the object store.
Tables that were there are replaced. The same seed and options as those of "sluice generate" tell the same story.`;

interface Options { readonly count: number; readonly seed: number; readonly from?: number; readonly perDay?: number; readonly sales?: string; readonly directory?: string }

/** `sluice warehouse seed`: the history that backfills read. */
export function warehouseCommand(): Command {
  const command = new Command('warehouse').description('the tables that backfills read from');
  command.command('seed').description('fill the warehouse with a made-up history')
    .option('-n, --count <events>', 'events of the story; the newest state of each document becomes a row', countOption, DEFAULT_COUNT)
    .option('-s, --seed <integer>', 'decides everything', numberOption('an integer', Number.isSafeInteger), 1)
    .option('--from <time>', 'when the story begins, ISO 8601 (default: 2026-11-02)', timeOption)
    .option('--per-day <n>', 'new sales and closings on an average day of the story', positiveOption)
    .option('--sales <file>', 'a CSV file of sales lines, plain or gzip, for the table sales_lines')
    .option('--directory <folder>', 'write the tables here')
    .addHelpText('after', HELP)
    .action((options: Options, self: Command) => act(options, self));
  return command.addHelpText('after', '\nExample:\n  sluice warehouse seed --count 1000000');
}

async function act(options: Options, self: Command): Promise<void> {
  const { json, config: file } = globalsOf(self);
  const began = systemClock.monotonic();
  const { config } = options.directory === undefined ? await configured(file) : { config: null };
  const directory = options.directory ?? config?.warehouse.directory;
  const store = directory === undefined && config !== null ? openObjectStore(config) : null;
  const parent = directory === undefined ? tmpdir() : dirname(resolve(directory));
  await mkdir(parent, { recursive: true });
  const scratch = await mkdtemp(join(parent, '.sluice-seed-'));
  try {
    const target = directory ?? join(scratch, 'warehouse');
    const tables = await untilStopped(async (signal) => {
      const seeded = await seed(options, target, scratch, signal);
      if (store !== null && config !== null) await uploadFolder(target, config.warehouse.prefix, store, signal);
      return seeded;
    });
    const where = directory ?? `${config?.objectStore?.bucket ?? ''}/${config?.objectStore?.prefix ?? ''}${config?.warehouse.prefix ?? ''}`;
    report(tables, where, (systemClock.monotonic() - began) / 1_000, json);
  } finally {
    await rm(scratch, { recursive: true, force: true });
    await store?.close();
  }
}

async function seed({ directory: _, ...options }: Options, target: string, scratch: string, signal: AbortSignal): Promise<SeededTable[]> {
  const engine = await openDuckDb({ threads: THREADS, memoryLimit: MEMORY, spillFolder: join(scratch, 'spill') });
  const bar = progressBar(process.stderr, () => systemClock.monotonic());
  const onProgress = (events: number): void => bar.show(events, options.count, `${events.toLocaleString('en')} events`);
  try {
    return await seedWarehouse(engine, { ...options, reference: OWN_REFERENCE, target, scratch: join(scratch, 'fresh'), onProgress }, signal);
  } finally {
    bar.end();
    engine.close();
  }
}

function report(tables: readonly SeededTable[], where: string, seconds: number, json: boolean): void {
  if (json) process.stdout.write(`${JSON.stringify({ ok: true, where, tables, seconds: Math.round(seconds * 10) / 10 })}\n`);
  else process.stdout.write(`${table(['table', 'rows', 'days'], tables.map((one) => [one.table, one.rows, one.partitions]))}\n\nin ${where}, ${seconds.toFixed(1)} s\n`);
}

function timeOption(text: string): number {
  const time = Date.parse(text);
  if (!(time >= 0)) throw new SluiceError('USAGE', `--from ${text}: expected a time such as 2026-11-02`);
  return time;
}
