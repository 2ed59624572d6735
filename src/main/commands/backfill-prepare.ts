import { randomBytes } from 'node:crypto';
import { Command, Option } from 'commander';
import { systemClock } from '../../adapters/system-clock.ts';
import { extract } from '../../backfill/extract.ts';
import { adopt, extractElsewhere } from '../../backfill/extract-elsewhere.ts';
import { cycleId } from '../../backfill/keys.ts';
import { makePlan } from '../../backfill/make-plan.ts';
import { manifestSchema, type Manifest } from '../../backfill/manifest.ts';
import { readPlan, type Plan } from '../../backfill/plan.ts';
import { readJson } from '../../backfill/stored-json.ts';
import { planView } from '../../control/cli/backfill-view.ts';
import { progressBar } from '../../control/cli/bar.ts';
import { numberOption } from '../../control/cli/feed.ts';
import { globalsOf } from '../../control/cli/globals.ts';
import { untilStopped } from '../../control/cli/stop-signal.ts';
import type { Config } from '../../config/schema.ts';
import { SluiceError } from '../../domain/errors.ts';
import { EPOCHS } from '../../domain/version.ts';
import type { ObjectStore } from '../../ports/object-store.ts';
import { readMapping } from '../../setup/mapping-files.ts';
import { cycleKeys, warehouseOf, withEngine, withRegions, withScratch, withStore } from '../backfill.ts';
import { caseNamed, pipelineOfCase } from '../cases.ts';
import { codeVersion } from '../code-version.ts';
import { configured } from '../configured.ts';
import { openSpark } from '../spark.ts';

/** Spark ends its files long before. */
const MOST_FILE_BYTES = 256 * 1024 * 1024;

interface PlanFlags { readonly from: string; readonly to?: string; readonly where?: string; readonly raiseEpoch?: number; readonly cycle?: string }

/** `sluice backfill plan CASE`: what would happen; only the plan itself is written. */
export function backfillPlanCommand(): Command {
  return new Command('plan').description('work out what a case would do, and write that down')
    .argument('<case>', 'a folder of backfill/, such as missed-events')
    .requiredOption('--from <day>', 'first day, yyyy-mm-dd', dayOption)
    .option('--to <day>', 'last day (default: the first)', dayOption)
    .option('--where <condition>', 'SQL condition on the columns of the extract')
    .option('--raise-epoch <n>', 'data revisions above the pipeline\'s (default: the case\'s own): a second mending needs one more than the first', numberOption('a whole number from 0 to 1023', (value) => Number.isInteger(value) && value >= 0 && value < EPOCHS))
    .option('--cycle <name>', 'name of the cycle (default: made up)')
    .addHelpText('after', '\nExamples:\n  sluice backfill plan missed-events --from 2026-11-02 --to 2026-11-08\n  sluice backfill plan bug-fix --from 2026-11-02 --to 2026-11-08 --raise-epoch 3\n  sluice backfill plan missed-events --from 2026-11-02 --where "site = \'DE\'" --json\n\nPrints days, rows, bytes, indices, mapping changes, privileges and the estimated time. Exit code 1 when something stands in the way.')
    .action((name: string, flags: PlanFlags, self: Command) => plan(name, flags, self));
}

/** `sluice backfill extract CYCLE`: the rows of the plan as Parquet in the object store. */
export function backfillExtractCommand(): Command {
  return new Command('extract').description('run the query of a planned cycle and put its rows into the object store')
    .argument('<cycle>', 'as "plan" named it')
    .addOption(new Option('--engine <name>', 'what runs the query (default: backfill.engine)').choices(['duckdb', 'spark']))
    .addHelpText('after', '\nExamples:\n  sluice backfill extract missed-events-20261109t080000-3f2a9c\n  sluice backfill extract CYCLE --engine spark      PySpark is installed once, where backfill.spark.submit names none\n\nThe extract counts when its manifest is written, which happens last. A finished one is not made again.')
    .action((cycle: string, flags: { readonly engine?: 'duckdb' | 'spark' }, self: Command) => runExtract(cycle, flags, self));
}

/** `sluice backfill adopt CYCLE --from PREFIX`: files that another job put into the object store, committed as the cycle's extract. */
export function backfillAdoptCommand(): Command {
  return new Command('adopt').description('commit files of another job as the extract of a planned cycle')
    .argument('<cycle>', 'as "plan" named it')
    .requiredOption('--from <prefix>', 'where they lie in the object store, such as exports/2026-11/')
    .addHelpText('after', '\nExample:\n  sluice backfill adopt missed-events-20261109t080000-3f2a9c --from exports/2026-11/\n\nTakes .parquet, .arrow (IPC files), .ndjson and .jsonl, the last two plain, .gz or .zst, in folders dt=yyyy-mm-dd. Every file is read once,\nfor its checksums; from then on it must stay as it is.')
    .action((cycle: string, { from }: { readonly from: string }, self: Command) => runAdopt(cycle, from, self));
}

async function runAdopt(cycle: string, from: string, self: Command): Promise<void> {
  const { json, config: file } = globalsOf(self);
  const { config } = await configured(file);
  const keys = cycleKeys(config, cycle);
  await withStore(config, async (store) => {
    const planned = await readPlan(store, keys, cycle);
    const finished = await readJson(store, keys.manifest, manifestSchema);
    if (finished !== null) return tell(finished.value, false, json);
    const parts = { store, keys, clock: systemClock, mostFileBytes: MOST_FILE_BYTES, groupRows: config.backfill.rowGroupRows };
    tell(await untilStopped((signal) => adopt(planned, from, parts, signal)), true, json);
  });
}

async function plan(name: string, flags: PlanFlags, self: Command): Promise<void> {
  const { json, config: file } = globalsOf(self);
  const one = caseNamed(name);
  const { config } = await configured(file);
  const pipeline = pipelineOfCase(config, one);
  const now = systemClock.now();
  const cycle = flags.cycle ?? cycleId(name, now, randomBytes(3).toString('hex'));
  const to = flags.to ?? flags.from;
  if (to < flags.from) throw new SluiceError('USAGE', `--to ${to} is before --from ${flags.from}`);
  const request = { cycle, case: one, pipeline, from: flags.from, to, where: flags.where ?? null, raiseEpoch: flags.raiseEpoch, prefix: config.prefix, plannedAt: now, code: codeVersion() };
  const mapping = await readMapping(pipeline.index.mapping);
  const report = await withStore(config, (store) => withRegions(config, Object.keys(config.regions), (regions) =>
    makePlan(request, { store, regions, mapping, keys: cycleKeys(config, cycle), files: warehouseOf(config, store), rowsPerSecond: config.backfill.rowsPerSecond })));
  const ok = report.problems.length === 0;
  process.stdout.write(json ? `${JSON.stringify({ ok, ...report })}\n` : `${planView(report)}\n`);
  if (!ok) process.exitCode = 1;
}

async function runExtract(cycle: string, flags: { readonly engine?: 'duckdb' | 'spark' }, self: Command): Promise<void> {
  const { json, config: file } = globalsOf(self);
  const { config } = await configured(file);
  const engine = flags.engine ?? config.backfill.engine;
  const keys = cycleKeys(config, cycle);
  await withStore(config, async (store) => {
    const planned = await readPlan(store, keys, cycle);
    const finished = await readJson(store, keys.manifest, manifestSchema);
    if (finished !== null) return tell(finished.value, false, json);
    const manifest = await (engine === 'spark' ? bySpark : byDuckDb)(config, planned, store);
    tell(manifest, true, json);
  });
}

async function byDuckDb(config: Config, planned: Plan, store: ObjectStore): Promise<Manifest> {
  const bar = progressBar(process.stderr, () => systemClock.monotonic());
  return await withEngine(config, (engine, scratch) => untilStopped((signal) => extract(planned, caseNamed(planned.case), {
    store, keys: cycleKeys(config, planned.cycle), engine, scratch, files: warehouseOf(config, store), clock: systemClock, rowGroupRows: config.backfill.rowGroupRows, attempt: randomBytes(4).toString('hex'),
    onProgress: ({ day, days, rows }) => bar.show(days, planned.days.length, `${day}  ${rows.toLocaleString('en')} rows`),
  }, signal))).finally(() => bar.end());
}

async function bySpark(config: Config, planned: Plan, store: ObjectStore): Promise<Manifest> {
  const bar = progressBar(process.stderr, () => systemClock.monotonic());
  let days = 0;
  return await withScratch((scratch) => untilStopped(async (signal) => {
    const engine = await openSpark(config, { scratch, report: (text) => bar.show(days, planned.days.length, text), onDay: (day) => bar.show(++days, planned.days.length, day) });
    return await extractElsewhere(planned, caseNamed(planned.case), { store, keys: cycleKeys(config, planned.cycle), clock: systemClock, attempt: randomBytes(4).toString('hex'), mostFileBytes: MOST_FILE_BYTES, groupRows: config.backfill.rowGroupRows, engine }, signal);
  })).finally(() => bar.end());
}

function tell(manifest: Manifest, made: boolean, json: boolean): void {
  const { cycle, rows, bytes, files } = manifest;
  const rowGroups = files.reduce((total, file) => total + file.rowGroups.length, 0);
  if (json) process.stdout.write(`${JSON.stringify({ ok: true, made, cycle, rows, bytes, files: files.length, rowGroups })}\n`);
  else process.stdout.write(`${made ? '' : 'extracted already: '}${rows.toLocaleString('en')} rows in ${files.length} files, ${rowGroups} row groups, ${(bytes / 1e6).toFixed(1)} MB\nNext: sluice backfill load ${cycle}\n`);
}

function dayOption(text: string): string {
  if (/^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(text)) && new Date(text).toISOString().startsWith(text)) return text;
  throw new SluiceError('USAGE', `${text} is no day: give yyyy-mm-dd, such as 2026-11-02`);
}
