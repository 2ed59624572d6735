import { randomBytes } from 'node:crypto';
import { Command } from 'commander';
import { systemClock } from '../../adapters/system-clock.ts';
import { alertView, alertsView } from '../../control/cli/alert-view.ts';
import { globalsOf } from '../../control/cli/globals.ts';
import { SluiceError } from '../../domain/errors.ts';
import { isOpen } from '../../monitor/alerts/alert.ts';
import { askRegions, listAlerts, showAlert } from '../../monitor/alerts/all-regions.ts';
import { matcherOf, type Silence } from '../../monitor/alerts/silence.ts';
import type { AlertStore } from '../../monitor/alerts/store.ts';
import { openAlertStores } from '../alert-stores.ts';
import { configured } from '../configured.ts';
import { operator } from '../operator.ts';
import { rulesCommand } from './alerts-rules.ts';
import { testCommand } from './alerts-test.ts';

const ORDER_FOR_MS = 600_000;
const UNITS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };
const MAX_SILENCE_MS = 90 * 86_400_000;
const ID_BYTES = 5;

/** `sluice alerts list|show|silence|resolve|test|rules`: what the monitors found, and what is done about it. */
export function alertsCommand(): Command {
  const command = new Command('alerts').description('look at alerts, silence or resolve them, test a channel');
  command.command('list').description('what is wrong now, and the silences in force')
    .option('--all', 'also those that are over, newest first', false).option('--rule <name>', 'of this rule')
    .addHelpText('after', '\nExamples:\n  sluice alerts list\n  sluice alerts list --all --rule lane-held --json')
    .action((flags: { all: boolean; rule?: string }, self: Command) => list(flags, self));
  command.command('show <id>').description('one alert, whole: since when, who was told, what it means, what to look at')
    .addHelpText('after', '\nExamples:\n  sluice alerts show 3f2a…').action((id: string, _, self: Command) => show(id, self));
  command.command('silence [matchers...]').description('do not tell alerts that match, for a while; --end ends a silence')
    .option('--for <time>', 'such as 30m, 4h or 2d', '2h').option('--reason <text>', 'why', '').option('--by <name>', 'who', operator()).option('--end <silence>', 'end this silence now')
    .addHelpText('after', '\nMatchers are label=value; a star stands for anything. Labels: rule, severity, id, lane, host, source, destination, region, pipeline, …\n\nExamples:\n  sluice alerts silence lane=west-east --for 4h --reason "rolling upgrade"\n  sluice alerts silence "rule=lag-*" region=east\n  sluice alerts silence --end 9b1c0d2e7f')
    .action((matchers: string[], flags: SilenceFlags, self: Command) => silence(matchers, flags, self));
  command.command('resolve <id>').description('end an alert by hand; it stays away until its condition has been gone once')
    .option('--reason <text>', 'why', '').option('--by <name>', 'who', operator())
    .addHelpText('after', '\nExamples:\n  sluice alerts resolve 3f2a… --reason "known, mended next week"')
    .action((id: string, flags: { reason: string; by: string }, self: Command) => resolve(id, flags, self));
  return command.addCommand(testCommand()).addCommand(rulesCommand()).addHelpText('after', '\nExamples:\n  sluice alerts list\n  sluice alerts test oncall\n\nExit codes: 0 done, 1 a region did not answer or a channel did not take it, 2 bad usage or configuration.');
}

interface SilenceFlags { readonly for: string; readonly reason: string; readonly by: string; readonly end?: string }

async function list(flags: { all: boolean; rule?: string }, self: Command): Promise<void> {
  const { alerts, silences } = told(await withStores(self, (stores) => listAlerts(stores, flags)));
  print(globalsOf(self).json ? JSON.stringify({ alerts, silences }) : alertsView(alerts, silences, Date.now()));
}

async function show(id: string, self: Command): Promise<void> {
  const { alert } = told(await withStores(self, (stores) => showAlert(stores, id)));
  print(globalsOf(self).json ? JSON.stringify(alert) : alertView(alert));
}

async function silence(matchers: readonly string[], { for: time, reason, by, end }: SilenceFlags, self: Command): Promise<void> {
  const now = Date.now();
  const made = await withStores(self, async (stores) => {
    if (end === undefined && matchers.length === 0) throw new SluiceError('USAGE', 'say what is silenced, such as lane=west-east or "rule=lag-*"');
    const known = end === undefined ? undefined : (await each(stores, (store) => store.standing())).flatMap((standing) => standing.silences).find((one) => one.id === end);
    if (end !== undefined && known === undefined) throw new SluiceError('USAGE', `there is no silence ${end} in force: sluice alerts list`);
    const silenced: Silence = known === undefined ? { id: randomBytes(ID_BYTES).toString('hex'), matchers: matchers.map(matcherOf), by, reason, from: now, until: now + lengthOf(time) } : { ...known, until: now };
    await each(stores, (store) => store.addSilence(silenced));
    return silenced;
  });
  if (globalsOf(self).json) return print(JSON.stringify(made));
  print(end === undefined ? `silence ${made.id} until ${new Date(made.until).toISOString()}` : `silence ${made.id} ended`);
}

async function resolve(id: string, { reason, by }: { reason: string; by: string }, self: Command): Promise<void> {
  const alert = await withStores(self, async (stores) => {
    const { alert: found } = told(await showAlert(stores, id));
    if (!isOpen(found)) throw new SluiceError('USAGE', `alert ${id} is over since ${new Date(found.resolvedAt ?? 0).toISOString()}`);
    await each(stores, (store) => store.addOrder({ id: randomBytes(ID_BYTES).toString('hex'), alert: id, by, reason, until: Date.now() + ORDER_FOR_MS }));
    return found;
  });
  print(globalsOf(self).json ? JSON.stringify({ ok: true, id }) : `${alert.rule} will be resolved by the active monitor within its interval`);
}

/** Asks every region; those that do not answer are told of, all of them silent is an error. */
async function each<Value>(stores: readonly AlertStore[], ask: (store: AlertStore) => Promise<Value>): Promise<readonly Value[]> {
  return told(await askRegions(stores, ask)).values;
}

/** Tells of the regions that did not answer. */
function told<Result extends { readonly problems: readonly string[] }>(result: Result): Result {
  if (result.problems.length > 0) process.exitCode = 1;
  for (const problem of result.problems) process.stderr.write(`sluice: ${problem}\n`);
  return result;
}

async function withStores<Result>(self: Command, work: (stores: readonly AlertStore[]) => Promise<Result>): Promise<Result> {
  const { config } = await configured(globalsOf(self).config);
  const { stores, close } = openAlertStores(config, systemClock);
  try {
    return await work([...stores.values()]);
  } finally {
    await close();
  }
}

function lengthOf(text: string): number {
  const [, amount, unit] = /^(\d+)([mhd])$/.exec(text) ?? [];
  const length = Number(amount) * (UNITS[unit ?? ''] ?? NaN);
  if (!(length > 0 && length <= MAX_SILENCE_MS)) throw new SluiceError('USAGE', `--for ${text}: give minutes, hours or days up to 90d, such as 30m, 4h or 2d`);
  return length;
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
