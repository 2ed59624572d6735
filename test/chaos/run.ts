import { mkdtempSync } from 'node:fs';
import { randomInt } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { messageOf, SluiceError } from '../../src/domain/errors.ts';
import { runChaos } from './chaos.ts';
import { runFuzz } from './fuzz.ts';
import { FAULTS } from './faults/index.ts';
import { MUTATIONS, mutationNamed } from './mutations.ts';
import { textOf, type Report } from './report.ts';

/** `npm run chaos`: exit code 0 when nothing is wrong, 1 when something is, 2 for bad usage. */
const EXIT = { ok: 0, failed: 1, usage: 2 } as const;
const DEFAULT_MINUTES = 5;
const DEFAULT_RATE = 50;
const MUTATION_MINUTES = 1.5;
const STORM_MINUTES = 3;
const FUZZ_RECORDS = 20_000;
const FUZZ_RATE = 1_000;
const MAX_SEED = 2 ** 31 - 1;

interface Options {
  readonly minutes?: number;
  readonly seed?: number;
  readonly rate: number;
  readonly only?: string;
  readonly mutate?: string;
  readonly json?: true;
}

const HELP = `
Examples:
  npm run chaos                                5 minutes, every kind of fault at least once
  npm run chaos -- --minutes 60 --seed 7 --json
  npm run chaos -- --only kill-broker,write-block --minutes 2
  npm run chaos -- --mutate shared-position    the oracle must fail: exit code 1
  npm run chaos -- mutations                   every mutation; exit code 0 when each is found out
  npm run chaos -- storm --minutes 3           members join and leave every 2 s: nothing is lost, nobody stands still
  npm run chaos -- fuzz --records 200000`;

function programOf(settle: (code: number) => void): Command {
  const program = new Command('chaos').description('Runs the whole pipeline on real servers under faults and judges what came of it.').exitOverride().addHelpText('after', HELP)
    .option('--minutes <n>', `how long events and faults come (default ${DEFAULT_MINUTES}; with --mutate ${MUTATION_MINUTES})`, positive)
    .option('--seed <n>', 'the same seed gives the same history and timetable (default: a new one)', Number)
    .option('--rate <n>', 'events per second', positive, DEFAULT_RATE)
    .option('--only <kinds>', `only these kinds of faults, with commas: ${FAULTS.map(({ kind }) => kind).join(', ')}`)
    .addOption(new Option('--mutate <name>', 'run a wrong product').choices(MUTATIONS.map(({ name }) => name)))
    .option('--json', 'last line of standard output: the report as one object')
    .action(async (options: Options) => settle((await chaos(options, false)).ok ? EXIT.ok : EXIT.failed));
  program.command('mutations').description('runs every mutation; each must be found out')
    .action(async () => settle(await allMutations(program.opts<Options>())));
  program.command('storm').description('members join and leave every 2 s, without a pause')
    .action(async () => settle((await chaos({ minutes: STORM_MINUTES, ...program.opts<Options>() }, true)).ok ? EXIT.ok : EXIT.failed));
  program.command('fuzz').description('mutated payloads, headers, keys and timestamps through the real pipeline, without faults')
    .option('--records <n>', 'how many', positive, FUZZ_RECORDS)
    .option('--speed <n>', 'records per second', positive, FUZZ_RATE)
    .action(async (options: { records: number; speed: number }) => settle(await fuzz(options.records, options.speed, program.opts<Options>())));
  return program;
}

async function fuzz(records: number, rate: number, { seed, json }: Options): Promise<number> {
  return await inFolder(async (folder, signal) => {
    const report = await runFuzz({ records, seed: seed ?? randomInt(MAX_SEED), rate, folder, onProgress: say, signal });
    process.stdout.write(`${JSON.stringify(report, null, json === true ? 0 : 2)}\n`);
    return report.ok ? EXIT.ok : EXIT.failed;
  });
}

/** Gives the work a folder for logs, and a signal that Ctrl-C aborts. */
async function inFolder<Result>(work: (folder: string, signal: AbortSignal) => Promise<Result>): Promise<Result> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-chaos-'));
  const ending = new AbortController();
  const onSignal = (name: string): void => {
    say(`${name}: no more is sent, what was sent is judged`);
    ending.abort();
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  say(`logs and configuration in ${folder}`);
  try {
    return await work(folder, ending.signal);
  } finally {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
  }
}

async function chaos(options: Options, storm: boolean): Promise<Report> {
  const mutation = options.mutate ?? null;
  return await inFolder(async (folder, signal) => {
    const report = await runChaos({
      minutes: options.minutes ?? (mutation === null ? DEFAULT_MINUTES : MUTATION_MINUTES), seed: options.seed ?? randomInt(MAX_SEED), rate: options.rate,
      only: options.only?.split(',') ?? (mutation === null ? null : mutationNamed(mutation).faults), storm, mutation, folder, onProgress: say, signal,
    });
    process.stdout.write(options.json === true ? `${JSON.stringify(report)}\n` : `${textOf(report)}\n`);
    return report;
  });
}

async function allMutations(options: Options): Promise<number> {
  const unnoticed: string[] = [];
  for (const { name, what } of MUTATIONS) {
    say(`mutation ${name}: ${what}`);
    const report = await chaos({ ...options, mutate: name }, false);
    if (report.ok) unnoticed.push(name);
  }
  process.stdout.write(unnoticed.length === 0 ? `all ${MUTATIONS.length} mutations were found out\n` : `NOT found out: ${unnoticed.join(', ')}\n`);
  return unnoticed.length === 0 ? EXIT.ok : EXIT.failed;
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

function positive(text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError('a number above zero');
  return value;
}

async function main(args: readonly string[]): Promise<number> {
  let code: number = EXIT.ok;
  try {
    await programOf((settled) => { code = settled; }).parseAsync([...args], { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    say(`chaos: ${error instanceof SluiceError ? messageOf(error) : error instanceof Error ? error.stack ?? error.message : String(error)}`);
    return EXIT.failed;
  }
}

process.exit(await main(process.argv.slice(2)));
