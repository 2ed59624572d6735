import { Command } from 'commander';
import { globalsOf } from '../../control/cli/globals.ts';
import { configured } from '../configured.ts';
import { runIngest } from '../ingest.ts';

/** `sluice ingest`: any number of hosts share the source's partitions. */
export function ingestCommand(): Command {
  return new Command('ingest').description('consume source events, enrich them, write documents to every region, until SIGTERM or Ctrl-C')
    .addHelpText('after', '\nExamples:\n  sluice ingest\n  SLUICE__HTTP__PORT=9464 sluice ingest --config production.yaml\n\nThe first SIGTERM drains, a second one ends at once.')
    .action((_, self: Command) => act(self));
}

async function act(self: Command): Promise<void> {
  const { config } = await configured(globalsOf(self).config);
  process.exitCode = await runIngest(config);
}
