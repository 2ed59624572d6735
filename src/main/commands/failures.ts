import { Command, InvalidArgumentError } from 'commander';
import { systemClock } from '../../adapters/system-clock.ts';
import { filterOf, withFilters, type FilterOptions } from '../../control/cli/failure-options.ts';
import { failureView, listView, statsView } from '../../control/cli/failure-view.ts';
import { globalsOf } from '../../control/cli/globals.ts';
import type { FailureStore } from '../../redrive/failure-store.ts';
import { failureStats, listFailures, showFailure } from '../../redrive/inspect.ts';
import { storesOf } from '../../redrive/parts.ts';
import { configured } from '../configured.ts';
import { openRegionSearch } from '../connections.ts';
import { regionsNamed } from '../redrive.ts';
import { discardCommand, redriveCommand } from './failures-redrive.ts';

interface Options extends FilterOptions {
  readonly limit: number;
}

const MAX_LIMIT = 1_000;

/** `sluice failures list|show|redrive|discard|stats`: what could not be indexed, and what is done about it. */
export function failuresCommand(): Command {
  const command = new Command('failures').description('look at records that could not be indexed, redrive or discard them');
  withFilters(command.command('list').description('the newest failures'))
    .option('--limit <n>', `at most this many (up to ${MAX_LIMIT})`, limitOf, 20)
    .addHelpText('after', '\nExamples:\n  sluice failures list --state open --stage decode\n  sluice failures list --pipeline sold-items --since 6h --limit 5 --json\n  sluice failures list --text "failed to parse field"')
    .action((_, self: Command) => list(self));
  command.command('show <id>').description('one failure, whole, with its history and payload, from every region that holds it')
    .option('-r, --region <name>', 'only from this region', (name: string, names: string[]) => [...names, name], [])
    .addHelpText('after', '\nExamples:\n  sluice failures show 3f2a…\n  sluice failures show 3f2a… --region east --json | jq -r .failures[0].payload')
    .action((id: string, _, self: Command) => show(id, self));
  withFilters(command.command('stats').description('how many, by pipeline, stage, error type, state, lane and region'))
    .addHelpText('after', '\nExamples:\n  sluice failures stats\n  sluice failures stats --state open --json')
    .action((_, self: Command) => stats(self));
  command.addCommand(redriveCommand()).addCommand(discardCommand());
  return command.addHelpText('after', '\nExamples:\n  sluice failures list --state open\n  sluice failures redrive --type document_parsing_exception --patch mend.ts --dry-run\n\nExit codes: 0 done, 1 something is left or a region did not answer, 2 bad usage or configuration.');
}

async function list(self: Command): Promise<void> {
  const options = self.opts<Options>();
  const { total, failures, problems } = await withStores(self, options.region, (stores) => listFailures(stores, filterOf(options), options.limit));
  tell(problems);
  print(globalsOf(self).json ? JSON.stringify({ total, failures, problems }) : listView(failures, total));
}

async function show(id: string, self: Command): Promise<void> {
  const found = await withStores(self, self.opts<Options>().region, (stores) => showFailure(stores, id));
  if (globalsOf(self).json) return print(JSON.stringify({ id, failures: found.map(({ region, index, source }) => ({ region, index, ...source })) }));
  print(found.map(failureView).join('\n\n'));
}

async function stats(self: Command): Promise<void> {
  const options = self.opts<Options>();
  const found = await withStores(self, options.region, (stores) => failureStats(stores, filterOf(options)));
  tell(found.problems);
  print(globalsOf(self).json ? JSON.stringify(found) : statsView(found));
}

/** A region that does not answer does not keep the others from being shown. */
function tell(problems: readonly string[]): void {
  if (problems.length > 0) process.exitCode = 1;
  for (const problem of problems) process.stderr.write(`sluice: ${problem}\n`);
}

async function withStores<Result>(self: Command, names: readonly string[], work: (stores: readonly FailureStore[]) => Promise<Result>): Promise<Result> {
  const { config } = await configured(globalsOf(self).config);
  const regions = new Map(regionsNamed(config, names).map((name) => [name, { search: openRegionSearch(config, name) }]));
  try {
    return await work(storesOf({ regions, prefix: config.prefix, clock: systemClock }, [...regions.keys()]));
  } finally {
    await Promise.allSettled([...regions.values()].map(({ search }) => search.close()));
  }
}

function limitOf(text: string): number {
  const limit = Number(text);
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_LIMIT) throw new InvalidArgumentError(`a whole number from 1 to ${MAX_LIMIT}`);
  return limit;
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
