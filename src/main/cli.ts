import { Command, CommanderError } from 'commander';
import { SluiceError, messageOf } from '../domain/errors.ts';
import { codeVersion } from './code-version.ts';

/** Exit codes of every command. */
export const EXIT = { ok: 0, failed: 1, usage: 2 } as const;

interface Entry {
  readonly name: string;
  readonly summary: string;
  /** Loads the command's module only when it is asked for, so that help is quick. */
  readonly load: () => Promise<Command>;
}

const ENTRIES: readonly Entry[] = [
  { name: 'ingest', summary: 'consume source events, enrich them, write documents to every region', load: async () => (await import('./commands/ingest.ts')).ingestCommand() },
  { name: 'process', summary: 'index the documents of one or more lanes', load: async () => (await import('./commands/process.ts')).processCommand() },
  { name: 'setup', summary: 'create topics, templates, indices and aliases', load: async () => (await import('./commands/setup.ts')).setupCommand() },
  { name: 'config', summary: 'check, show or describe the configuration', load: async () => (await import('./commands/config.ts')).configCommand() },
  { name: 'stack', summary: 'run the servers on this machine', load: async () => (await import('../control/cli/stack.ts')).stackCommand() },
  { name: 'generate', summary: 'send made-up marketplace events', load: async () => (await import('../control/cli/generate.ts')).generateCommand() },
  { name: 'replay', summary: 'send the events of a file', load: async () => (await import('../control/cli/replay.ts')).replayCommand() },
  { name: 'status', summary: 'lag and last batch of every lane', load: async () => (await import('./commands/status.ts')).statusCommand() },
  { name: 'rate', summary: 'how fast the lanes may write to a region', load: async () => (await import('./commands/rate.ts')).rateCommand() },
  { name: 'audit', summary: 'compare the regions with each other, repair', load: async () => (await import('./commands/audit.ts')).auditCommand() },
  { name: 'purge', summary: 'delete tombstones that no replay can need, and what Sluice keeps of itself no longer', load: async () => (await import('./commands/purge.ts')).purgeCommand() },
  { name: 'failures', summary: 'records that could not be indexed: look, redrive, discard', load: async () => (await import('./commands/failures.ts')).failuresCommand() },
  { name: 'heartbeat', summary: 'write heartbeats into the source topics, from outside', load: async () => (await import('./commands/heartbeat.ts')).heartbeatCommand() },
  { name: 'heartbeats', summary: 'latency, loss and availability of every lane, by heartbeats', load: async () => (await import('./commands/heartbeats.ts')).heartbeatsCommand() },
  { name: 'monitor', summary: 'watch every region and tell what is wrong', load: async () => (await import('./commands/monitor.ts')).monitorCommand() },
  { name: 'alerts', summary: 'what is wrong: list, show, silence, resolve, test a channel', load: async () => (await import('./commands/alerts.ts')).alertsCommand() },
  { name: 'plan', summary: 'calculate partitions, hosts, memory, disk and shards', load: async () => (await import('./commands/plan.ts')).planCommand() },
  { name: 'backfill', summary: 'index history from the warehouse, beside live traffic', load: async () => (await import('./commands/backfill.ts')).backfillCommand() },
  { name: 'warehouse', summary: 'fill the warehouse that backfills read from', load: async () => (await import('./commands/warehouse.ts')).warehouseCommand() },
  { name: 'api', summary: 'serve failures and redrive over REST', load: async () => (await import('./commands/api.ts')).apiCommand() },
];

const HELP = `
Examples:
  sluice config check                      is the configuration right?
  sluice setup                             topics, templates, indices
  sluice ingest                            on each ingest host
  sluice process --lane west-east          on each host of that lane
  sluice status                            how far behind is each lane?

Exit codes: 0 done, 1 failed, 2 bad usage or configuration.`;

/** Runs one command line; resolves with the exit code. What goes wrong is told in one sentence on standard error. */
export async function runCli(args: readonly string[]): Promise<number> {
  const verbose = args.includes('--verbose');
  try {
    const program = await programFor(args);
    await program.parseAsync([...args], { from: 'user' });
    return Number(process.exitCode ?? EXIT.ok);
  } catch (error) {
    return report(error, { verbose, json: args.includes('--json') });
  }
}

async function programFor(args: readonly string[]): Promise<Command> {
  const program = new Command('sluice')
    .description('Near-real-time ETL from Kafka into Elasticsearch, in two regions.')
    .version(codeVersion(), '-V, --version', 'print the version')
    .option('-c, --config <file>', 'configuration file (else SLUICE_CONFIG, else sluice.config.* here)')
    .option('--json', 'print machine-readable output')
    .option('--no-color', 'no colours (also: NO_COLOR)')
    .option('--verbose', 'print the stack of an error')
    .addHelpText('after', HELP)
    .showSuggestionAfterError()
    .exitOverride();
  const wanted = operandOf(args);
  for (const entry of ENTRIES) {
    if (entry.name === wanted || (wanted === 'help' && args.includes(entry.name))) program.addCommand(inheriting(await entry.load(), program));
    else program.command(entry.name).description(entry.summary);
  }
  return program;
}

/** The first word that is no option: the command. */
function operandOf(args: readonly string[]): string | undefined {
  return args.find((arg, index) => !arg.startsWith('-') && !['-c', '--config'].includes(args[index - 1] ?? ''));
}

function inheriting(command: Command, parent: Command): Command {
  command.copyInheritedSettings(parent);
  for (const child of command.commands) inheriting(child, command);
  return command;
}

function report(error: unknown, { verbose, json }: { verbose: boolean; json: boolean }): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  const code = error instanceof SluiceError ? error.code : 'BUG';
  if (json) process.stdout.write(`${JSON.stringify({ ok: false, error: { code, message: messageOf(error) } })}\n`);
  process.stderr.write(`sluice: ${messageOf(error)}\n`);
  if (verbose && error instanceof Error) process.stderr.write(`${error.stack ?? ''}\n`);
  else if (code === 'BUG') process.stderr.write('This is a bug in Sluice; --verbose shows where.\n');
  return code === 'CONFIG_INVALID' || code === 'USAGE' ? EXIT.usage : EXIT.failed;
}
