import { existsSync } from 'node:fs';
import { Command, Option } from 'commander';
import { colors } from './colors.ts';
import { SluiceError } from '../../domain/errors.ts';
import { bringUp, deadServersOf, folderOf, takeDown } from '../../stack/detached.ts';
import { EXTRAS, type Extra } from '../../stack/layout.ts';
import { followFile, lastLines } from '../../stack/log-file.ts';
import { findStack, type StackState } from '../../stack/state.ts';
import { exampleText } from './examples.ts';
import { givenRows, useGivenServers } from './given-servers.ts';
import { globalsOf } from './globals.ts';
import { table } from './table.ts';

const DEFAULT_NAME = 'default';
const DEFAULT_LINES = '50';

const HELP = `
The servers are Docker containers where a Docker engine answers, else JVM processes from jars that Maven fetches once.
Those that --config names are used as they are: "up" then starts nothing.

Examples:
  sluice stack up                          Kafka and Elasticsearch in west and east
  sluice stack up demo --with source       … and a third Kafka for the source topics
  sluice stack up --with object-store      … and an object store for backfills
  sluice stack status demo
  sluice stack logs elasticsearch-west demo -f
  sluice stack down demo
  sluice stack up --config production.yaml use the servers named there

The addresses stand in .sluice/stacks/NAME/sluice.config.yaml, for --config of the other commands.`;

const UP_EXAMPLES = exampleText([
  'sluice stack up',
  'sluice stack up demo --with source object-store',
  'sluice stack up --only kafka-west elasticsearch-west',
]);

/** `sluice stack up|down|status|logs`: servers on this machine that outlive the command. */
export function stackCommand(): Command {
  return new Command('stack')
    .description('run the servers on this machine: Kafka and Elasticsearch of two regions')
    .addHelpText('after', HELP)
    .addCommand(upCommand())
    .addCommand(downCommand())
    .addCommand(statusCommand())
    .addCommand(logsCommand());
}

function upCommand(): Command {
  return named(new Command('up'))
    .description('bring the servers up, or join those that are up; starts again what has died')
    .addOption(new Option('--with <server...>', 'servers beside the default four').choices([...EXTRAS]).default([]))
    .option('--only <server...>', 'only these servers, such as kafka-west')
    .addHelpText('after', UP_EXAMPLES)
    .action(async (name: string, options: { with: Extra[]; only?: string[] }, command: Command) => {
      const { config } = globalsOf(command);
      if (config !== undefined) return await useGiven(command, config);
      const began = performance.now();
      const seconds = (): string => ((performance.now() - began) / 1_000).toFixed(1).padStart(5);
      const state = await bringUp({
        folder: folderOf(name),
        with: options.with,
        ...(options.only && { only: options.only }),
        onProgress: ({ server, text }) => process.stderr.write(`${colors.dim(`${seconds()} s`)}  ${(server ?? '').padEnd(20)} ${text}\n`),
      });
      print(command, state, () => [serverTable(state), ...configLine(state)].join('\n'));
    });
}

async function useGiven(command: Command, file: string): Promise<void> {
  const servers = await useGivenServers(file);
  print(command, servers, () => `${table(['server', 'address'], givenRows(servers))}\n\nThese servers are given by ${file} and used as they are: nothing was started.`);
}

function downCommand(): Command {
  return named(new Command('down'))
    .description('end the servers and remove their data')
    .addHelpText('after', exampleText(['sluice stack down', 'sluice stack down demo']))
    .action(async (name: string, _options: unknown, command: Command) => {
      const wasUp = await takeDown(folderOf(name));
      print(command, { ok: true, wasUp }, () => (wasUp ? `Stack "${name}" is down.` : `Stack "${name}" was not up.`));
    });
}

function statusCommand(): Command {
  return named(new Command('status'))
    .description('show the servers; exit code 1 when one is dead or the stack is not up')
    .addHelpText('after', exampleText(['sluice stack status', 'sluice stack status demo --json']))
    .action((name: string, _options: unknown, command: Command) => {
      const state = requireRunning(name);
      const dead = deadServersOf(state);
      const servers = state.servers.map((server) => (dead.includes(server.name) ? { ...server, state: 'died' as const } : server));
      print(command, { ok: dead.length === 0, dead, ...state, servers }, () => [serverTable({ ...state, servers }), ...configLine(state)].join('\n'));
      if (dead.length === 0) return;
      process.stderr.write(`sluice: ${dead.join(', ')} ${dead.length === 1 ? 'is' : 'are'} dead: see "sluice stack logs ${dead[0]} ${name}"; "sluice stack up ${name}" starts again\n`);
      process.exitCode = 1;
    });
}

function logsCommand(): Command {
  return new Command('logs')
    .description('print the end of a server\'s log')
    .argument('<server>', 'such as kafka-west or elasticsearch-east')
    .argument('[name]', 'name of the stack', DEFAULT_NAME)
    .option('-f, --follow', 'go on as the log grows, until Ctrl-C')
    .option('-n, --lines <count>', 'how many lines', DEFAULT_LINES)
    .addHelpText('after', exampleText(['sluice stack logs kafka-west', 'sluice stack logs elasticsearch-east demo -f']))
    .action(async (server: string, name: string, options: { follow?: true; lines: string }) => {
      const { servers } = requireRunning(name);
      const logFile = servers.find((candidate) => candidate.name === server)?.logFile;
      if (logFile === undefined) throw new SluiceError('USAGE', `There is no server "${server}" in stack "${name}": it has ${servers.map((each) => each.name).join(', ')}.`);
      if (!existsSync(logFile)) throw new SluiceError('STACK_FAILED', `${server} has no log at ${logFile}.`);
      process.stdout.write(`${lastLines(logFile, countOf(options.lines))}\n`);
      if (options.follow === true) await followFile(logFile, (text) => process.stdout.write(text));
    });
}

function named(command: Command): Command {
  return command.argument('[name]', 'name of the stack', DEFAULT_NAME);
}

function countOf(text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1) throw new SluiceError('USAGE', `--lines: "${text}" is not a positive whole number.`);
  return count;
}

function requireRunning(name: string): StackState {
  const found = findStack(folderOf(name));
  switch (found.kind) {
    case 'running':
      return found.state;
    case 'starting':
      throw new SluiceError('STACK_FAILED', `Stack "${name}" is still starting.`);
    case 'absent':
      throw new SluiceError('STACK_FAILED', `Stack "${name}" is not up: "sluice stack up ${name}" starts it.`);
  }
}

function print(command: Command, value: object, text: () => string): void {
  process.stdout.write(`${globalsOf(command).json ? JSON.stringify(value) : text()}\n`);
}

function serverTable({ servers }: Pick<StackState, 'servers'>): string {
  return table(['server', 'state', 'address', 'process'], servers.map(({ name, state, url, pid }) => [name, state, url, pid === null ? '' : String(pid)]));
}

function configLine({ config }: StackState): string[] {
  return config === null ? [] : [`\nConfiguration for the other commands: --config ${config}`];
}
