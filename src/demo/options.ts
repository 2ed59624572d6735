import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';

/** What `npm start` was asked for. */
export interface DemoOptions {
  /** Stop by itself after the proof. */
  readonly once: boolean;
  readonly json: boolean;
  /** Events per second; 0 sends as fast as the source takes them. */
  readonly rate: number;
  /** Events before the proof; null where the file decides. */
  readonly events: number | null;
  readonly seed: number;
  /** Share of events whose payload is spoiled, 0…1. */
  readonly corrupt: number;
  /** A file to replay instead of the generator. */
  readonly input: string | null;
  readonly pipeline: string | null;
  /** Use the servers of this configuration instead of starting some. */
  readonly config: string | null;
}

const DEFAULTS = { rate: 250, events: 7_500, seed: 1, corrupt: 0.002 };
/** Pipelines whose files an independent program can judge. */
const PROVABLE = ['retail-sales'];
/** Exit code of bad usage. */
const USAGE = 2;
const MAX_RATE = 100_000;

/** The command line of the demonstration; `--help` explains it. */
export function demoCommand(): Command {
  return new Command('npm start --')
    .description('Starts two regions on this machine, sends events through all four lanes, shows what happens, and proves that both regions hold exactly the expected documents.')
    .option('--once', 'stop after the proof: exit code 0 when it holds, else 1')
    .option('--json', 'the last line on standard output is one JSON object; everything else goes to standard error')
    .option('--rate <events/s>', `events per second (default: ${DEFAULTS.rate}; with --input: as fast as it goes)`, rate)
    .option('--events <n>', `events before the proof (default: ${DEFAULTS.events.toLocaleString('en')})`, count)
    .option('--seed <n>', `seed of the generated events (default: ${DEFAULTS.seed})`, whole)
    .option('--corrupt <share>', `share of spoiled payloads, 0 to 1 (default: ${DEFAULTS.corrupt})`, share)
    .option('--input <file>', 'replay this file instead of generating events; wants --pipeline')
    .addOption(new Option('--pipeline <name>', 'pipeline that the file belongs to').choices(PROVABLE))
    .option('--config <file>', 'use the servers of this configuration instead of starting some')
    .addHelpText('after', `
Examples:
  npm start                                        watch, until Ctrl-C
  npm start -- --once                              prove and stop
  npm start -- --once --json | tail -1             for machines
  npm start -- --rate 1000 --events 50000
  npm start -- --input sales.csv.gz --pipeline retail-sales`)
    .exitOverride();
}

/** Reads the command line; throws CommanderError with a sentence. */
export function demoOptions(args: readonly string[]): DemoOptions {
  const command = demoCommand().parse([...args], { from: 'user' });
  const given = command.opts<Partial<DemoOptions>>();
  const { input = null, pipeline = null } = given;
  if ((input === null) !== (pipeline === null)) command.error('error: --input and --pipeline go together');
  if (input !== null && given.events !== undefined) command.error('error: --events is for generated events; a file is sent whole');
  return {
    once: given.once === true, json: given.json === true, input, pipeline, config: given.config ?? null,
    rate: given.rate ?? (input === null ? DEFAULTS.rate : 0),
    events: given.events ?? (input === null ? DEFAULTS.events : null),
    seed: given.seed ?? DEFAULTS.seed,
    corrupt: given.corrupt ?? DEFAULTS.corrupt,
  };
}

/** As `demoOptions`, for a process: what is wrong (or the help) has been printed, and the exit code says which. */
export function parseDemoOptions(args: readonly string[]): { readonly ok: true; readonly options: DemoOptions } | { readonly ok: false; readonly exitCode: number } {
  try {
    return { ok: true, options: demoOptions(args) };
  } catch (error) {
    if (error instanceof CommanderError) return { ok: false, exitCode: error.exitCode === 0 ? 0 : USAGE };
    throw error;
  }
}

function rate(text: string): number {
  return between(text, 0, MAX_RATE, 'a number of events per second');
}
function count(text: string): number {
  return Math.floor(between(text, 1, Number.MAX_SAFE_INTEGER, 'a number of events'));
}
function whole(text: string): number {
  return Math.floor(between(text, 0, 2 ** 31 - 1, 'a whole number'));
}
function share(text: string): number {
  return between(text, 0, 1, 'a share');
}
function between(text: string, least: number, most: number, what: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= least && value <= most)) throw new InvalidArgumentError(`${what} from ${least} to ${most}.`);
  return value;
}
