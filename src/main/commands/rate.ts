import { Command } from 'commander';
import type { Logger } from 'pino';
import { exampleText } from '../../control/cli/examples.ts';
import { globalsOf } from '../../control/cli/globals.ts';
import { bytesOption, documentsOption, factorOption, rateTable } from '../../control/cli/rate-view.ts';
import type { Config } from '../../config/schema.ts';
import { SluiceError } from '../../domain/errors.ts';
import { createLog } from '../../observability/log.ts';
import type { RatePolicy, RateValues } from '../../policy/rate-policy.ts';
import { readRates, writeRate, type RegionLogs } from '../../policy/rates.ts';
import { configured, hostOf } from '../configured.ts';
import { openRegionLog } from '../connections.ts';
import { operator } from '../operator.ts';

interface SetFlags { readonly documents?: number; readonly bytes?: number; readonly searchFactor?: number }

const NOTHING_SET: RateValues = { documentsPerSecond: null, bytesPerSecond: null, searchFactor: null };

/** `sluice rate show|set|pause|clear`: how fast may be written to a region's Elasticsearch; holds within a second or two, without a restart. */
export function rateCommand(): Command {
  const command = new Command('rate').description('how fast the lanes may write to a region, changed while they run');
  command.command('show', { isDefault: true }).description('what holds for each lane')
    .addHelpText('after', exampleText(['sluice rate show', 'sluice rate show --json'])).action((_, self: Command) => show(self));
  command.command('set <region>').description('change one or more of the limits of a region; the others stay as they are')
    .option('--documents <n>', 'documents per second, of all lanes and hosts together', documentsOption)
    .option('--bytes <n>', 'bytes of the request bodies per second, such as 3MB', bytesOption)
    .option('--search-factor <f>', 'how much slower the slowest hundredth of the searches may get, such as 1.5; or off', factorOption)
    .addHelpText('after', exampleText(['sluice rate set west --documents 5000', 'sluice rate set west --bytes 3MB --search-factor 1.3']))
    .action((region: string, flags: SetFlags, self: Command) => set(region, flags, self));
  command.command('pause <region>').description('write nothing to a region; nothing is lost, the lanes fall behind')
    .addHelpText('after', exampleText(['sluice rate pause east']))
    .action((region: string, _, self: Command) => change(self, region, (known) => ({ ...known, documentsPerSecond: 0 })));
  command.command('clear <region>').description('take back what was set: the configuration holds')
    .addHelpText('after', exampleText(['sluice rate clear east']))
    .action((region: string, _, self: Command) => change(self, region, () => null));
  return command.addHelpText('after', '\nExamples:\n  sluice rate\n  sluice rate set west --documents 5000 --bytes 3MB\n  sluice rate pause east\n  sluice rate clear east\n\nExit codes: 0 done, 1 a region\'s Kafka did not take or tell it, 2 bad usage or configuration.');
}

async function show(self: Command): Promise<void> {
  await withLogs(self, async (config, logs) => {
    const rates = await readRates(logs, config.prefix);
    if (rates.some(({ problem }) => problem !== null)) process.exitCode = 1;
    const configuredOf = (destination: string) => (config.regions[destination] as Config['regions'][string]).rate;
    print(globalsOf(self).json ? JSON.stringify({ rates, configured: Object.fromEntries([...logs.keys()].map((region) => [region, configuredOf(region)])) }) : rateTable(rates, configuredOf, Date.now()));
  });
}

async function set(region: string, { documents, bytes, searchFactor }: SetFlags, self: Command): Promise<void> {
  if (documents === undefined && bytes === undefined && searchFactor === undefined) throw new SluiceError('USAGE', 'give at least one of --documents, --bytes, --search-factor');
  await change(self, region, (known) => ({ documentsPerSecond: documents ?? known.documentsPerSecond, bytesPerSecond: bytes ?? known.bytesPerSecond, searchFactor: searchFactor ?? known.searchFactor }));
}

async function change(self: Command, region: string, next: (known: RateValues) => RateValues | null): Promise<void> {
  await withLogs(self, async (config, logs) => {
    if (!logs.has(region)) throw new SluiceError('USAGE', `there is no region ${region}; the regions are ${[...logs.keys()].join(', ')}`);
    const values = next(await knownOf(logs, config.prefix, region));
    const policy: RatePolicy | null = values === null ? null : { ...NOTHING_SET, ...values, at: Date.now(), by: operator() };
    const written = await writeRate(logs, config.prefix, region, policy);
    const problems = written.flatMap(({ source, problem }) => (problem === null ? [] : [`the lanes of ${source} do not know it, run this again: ${problem}`]));
    if (problems.length > 0) process.exitCode = 1;
    if (globalsOf(self).json) return print(JSON.stringify({ ok: problems.length === 0, region, policy, written }));
    for (const problem of problems) process.stderr.write(`sluice: ${problem}\n`);
    if (problems.length < written.length) print(policy === null ? `${region}: what the configuration says holds` : `${region}: set`);
  });
}

/** What was set last for the region; nothing where nobody set anything, or nobody can tell. */
async function knownOf(logs: RegionLogs, prefix: string, region: string): Promise<RateValues> {
  const policies = (await readRates(logs, prefix)).flatMap(({ destination, policy }) => (destination === region && policy !== null ? [policy] : []));
  const latest = policies.sort((a, b) => b.at - a.at)[0];
  return latest === undefined ? NOTHING_SET : { documentsPerSecond: latest.documentsPerSecond, bytesPerSecond: latest.bytesPerSecond, searchFactor: latest.searchFactor };
}

async function withLogs(self: Command, work: (config: Config, logs: RegionLogs) => Promise<void>): Promise<void> {
  const { config } = await configured(globalsOf(self).config);
  const log: Logger = createLog({ level: config.log.level, service: 'rate', host: hostOf(config), hostGroup: config.host.group });
  await work(config, new Map(Object.keys(config.regions).map((region) => [region, openRegionLog(config, region, log)])));
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
