import { Command, InvalidArgumentError } from 'commander';
import { systemClock } from '../../adapters/system-clock.ts';
import { rateOption } from '../../control/cli/feed.ts';
import { filterOf, withFilters, type FilterOptions } from '../../control/cli/failure-options.ts';
import { dryRunView, redriveView } from '../../control/cli/failure-view.ts';
import { globalsOf } from '../../control/cli/globals.ts';
import { redriveProgress } from '../../control/cli/redrive-progress.ts';
import { untilStopped } from '../../control/cli/stop-signal.ts';
import { SluiceError } from '../../domain/errors.ts';
import { createLog } from '../../observability/log.ts';
import { discard } from '../../redrive/discard.ts';
import { dryRun } from '../../redrive/dry-run.ts';
import { meansAll, type FailureFilter } from '../../redrive/filter.ts';
import { loadTransform } from '../../redrive/patch.ts';
import type { RedriveParts } from '../../redrive/parts.ts';
import { redrive, type RedriveRequest } from '../../redrive/redrive.ts';
import { MAX_SELECTED } from '../../redrive/select.ts';
import { configured, hostOf } from '../configured.ts';
import { operator } from '../operator.ts';
import { openRedrive, regionsNamed } from '../redrive.ts';

const DEFAULT_RATE = 200;
const DEFAULT_LIMIT = 10_000;
const DRY_RUN_LIMIT = 20;
const DEFAULT_WAIT_S = 60;
/** Below the time that a claim lasts, so that a run never waits longer than it holds its claims. */
const MAX_WAIT_S = 120;

interface Options extends FilterOptions {
  readonly all: boolean;
  readonly limit?: number;
  readonly by: string;
}
interface RedriveOptions extends Options {
  readonly patch?: string;
  readonly raiseEpoch: boolean;
  readonly dryRun: boolean;
  readonly rate: number;
  readonly wait: number;
}

const REDRIVE_HELP = `
Examples:
  sluice failures redrive 3f2a…                                     one failure
  sluice failures redrive --type strict_dynamic_mapping_exception   after the mapping was mended
  sluice failures redrive --stage decode --since 6h --rate 50
  sluice failures redrive --pipeline sold-items --patch mend.ts --dry-run

A patch is a module of yours, run here:
  export function transform(document, failure) { return { ...document, price: Number(document.price) }; }
It returns the changed document (of a failure of ingest: the event), or null to leave that failure alone.

Documents go back with their original version, so that nothing newer is ever overwritten; a patched document goes into
every region. Where a document of the same version is stored already, it stays: --raise-epoch lets the patched one win.
Events that failed at ingest go through ingest as it is now, into the topics of every region.
A run that was stopped goes on when it is started again. Failures that another run holds are left to it; the claims of
a run that died run out after three minutes.

Exit codes: 0 all redriven, 1 something is left (it stays open, with the reason), 2 bad usage or configuration.`;

/** `sluice failures redrive`: sends what failed once more, patched or as it is. */
export function redriveCommand(): Command {
  return common(new Command('redrive').description('send failed records once more, patched or as they are'), 'redrive')
    .option('--patch <file>', 'ESM file (.ts, .mjs, .js) that exports function transform(document, failure)')
    .option('--raise-epoch', 'let the patched document beat a stored one of the same version', false)
    .option('--dry-run', 'show what the patch changes and what Elasticsearch would say; change nothing', false)
    .option('--rate <n/s>', 'at most so many a second, beside live traffic', rateOption, DEFAULT_RATE)
    .option('--wait <seconds>', `how long a cluster in trouble is waited for (up to ${MAX_WAIT_S})`, waitOption, DEFAULT_WAIT_S)
    .addHelpText('after', REDRIVE_HELP)
    .action((ids: string[], options: RedriveOptions, self: Command) => act(ids, options, self));
}

/** `sluice failures discard`: gives failures up; they stay in the index, with the reason. */
export function discardCommand(): Command {
  return common(new Command('discard').description('give failures up: they are kept, with the reason, but no longer open'), 'discard')
    .requiredOption('--reason <text>', 'why; stands in the history')
    .addHelpText('after', '\nExamples:\n  sluice failures discard 3f2a… --reason "test event"\n  sluice failures discard --stage decode --until 2026-11-01 --reason "before the contract"\n\nA discarded failure can still be redriven: sluice failures redrive <id> --state discarded\n\nExit codes: 0 done, 1 something changed meanwhile, 2 bad usage or configuration.')
    .action((ids: string[], options: Options & { reason: string }, self: Command) => give(ids, options, self));
}

function common(command: Command, verb: string): Command {
  return withFilters(command.argument('[id...]', 'failures; else those that the options choose'))
    .option('--all', `${verb} everything that is open`, false)
    .option('--limit <n>', `at most this many failure documents (up to ${MAX_SELECTED})`, limitOption)
    .option('--by <name>', 'who does it, for the history', operator());
}

async function act(ids: readonly string[], options: RedriveOptions, self: Command): Promise<void> {
  const filter = chosen(ids, options);
  if (options.raiseEpoch && options.patch === undefined) throw new SluiceError('USAGE', '--raise-epoch is for patched documents: give --patch, too');
  const transform = options.patch === undefined ? null : await loadTransform(options.patch);
  await withParts(self, options, async ({ parts, regions, json, signal }) => {
    const { raiseEpoch, rate, by } = options;
    const request: RedriveRequest = { filter, regions, transform, raiseEpoch, rate, by, patienceMs: options.wait * 1_000, limit: options.limit ?? (options.dryRun ? DRY_RUN_LIMIT : DEFAULT_LIMIT) };
    if (options.dryRun) {
      const report = await dryRun(request, parts, signal);
      return done(report.ok, json ? JSON.stringify(report) : dryRunView(report));
    }
    const progress = redriveProgress(process.stderr, () => systemClock.monotonic());
    const report = await redrive(request, parts, progress, signal).finally(() => progress.end());
    done(report.ok, json ? JSON.stringify(report) : redriveView(report));
  });
}

async function give(ids: readonly string[], options: Options & { reason: string }, self: Command): Promise<void> {
  const filter = chosen(ids, options);
  await withParts(self, options, async ({ parts, regions, json, signal }) => {
    const report = await discard({ filter, regions, reason: options.reason, by: options.by, limit: options.limit ?? DEFAULT_LIMIT }, parts, signal);
    const text = `${report.discarded} failure documents discarded${report.conflicts > 0 ? `, ${report.conflicts} were changed by somebody else meanwhile` : ''}${report.more ? '; there are more' : ''}`;
    done(report.ok, json ? JSON.stringify(report) : text);
  });
}

/** Nothing is chosen by forgetting to choose. */
function chosen(ids: readonly string[], options: Options): FailureFilter {
  const filter = filterOf(options, ids);
  if (meansAll(filter) && !options.all) throw new SluiceError('USAGE', 'say which failures: ids, a condition such as --pipeline, or --all');
  return filter;
}

interface Session { readonly parts: RedriveParts; readonly regions: readonly string[]; readonly json: boolean; readonly signal: AbortSignal }

async function withParts(self: Command, options: Options, work: (session: Session) => Promise<void>): Promise<void> {
  const { json, config: file } = globalsOf(self);
  const { config } = await configured(file);
  const regions = regionsNamed(config, options.region);
  const log = createLog({ level: config.log.level, service: 'redrive', host: hostOf(config), hostGroup: config.host.group });
  const { parts, close } = openRedrive(config, log);
  try {
    await untilStopped((signal) => work({ parts, regions, json, signal }));
  } finally {
    await close();
  }
}

function done(ok: boolean, text: string): void {
  process.stdout.write(`${text}\n`);
  if (!ok) process.exitCode = 1;
}

function limitOption(text: string): number {
  return between(text, MAX_SELECTED);
}

function waitOption(text: string): number {
  return between(text, MAX_WAIT_S);
}

function between(text: string, most: number): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > most) throw new InvalidArgumentError(`expected a whole number from 1 to ${most}.`);
  return value;
}
