import { Command } from 'commander';
import { SluiceError } from '../../domain/errors.ts';
import { globalsOf } from '../../control/cli/globals.ts';
import { configured } from '../configured.ts';
import { laneNamed } from '../connections.ts';
import { runProcessor } from '../processor.ts';

/** `sluice process --lane west-east`: any number of hosts run the same lane as one consumer group. */
export function processCommand(): Command {
  return new Command('process').description('index the documents of one or more lanes until SIGTERM or Ctrl-C')
    .option('-l, --lane <source-destination>', 'lane to run; may be given several times', collect, [])
    .addHelpText('after', '\nExamples:\n  sluice process --lane west-east\n  sluice process --lane west-west --lane east-west\n  SLUICE__HTTP__PORT=9464 sluice process --lane west-east\n\nThe first SIGTERM drains, a second one ends at once.')
    .action((_, self: Command) => act(self));
}

async function act(self: Command): Promise<void> {
  const { config } = await configured(globalsOf(self).config);
  const names = [...new Set(self.opts<{ lane: string[] }>().lane)];
  if (names.length === 0) throw new SluiceError('USAGE', `say which lane: --lane ${Object.keys(config.regions).slice(0, 2).join('-')}`);
  process.exitCode = await runProcessor(config, { lanes: names.map((name) => laneNamed(config, name)) });
}

function collect(value: string, earlier: readonly string[]): string[] {
  return [...earlier, value];
}
