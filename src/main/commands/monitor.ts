import { Command } from 'commander';
import { globalsOf } from '../../control/cli/globals.ts';
import { configured } from '../configured.ts';
import { runMonitor } from '../monitor.ts';

const HELP = `
Examples:
  sluice monitor                            on two hosts: one is active, the other takes over
  SLUICE__HTTP__PORT=9470 sluice monitor --config production.yaml
  curl -s localhost:9470/status             what it sees, and whether it is the active one

It looks at both regions every monitor.intervalMs: positions and lag, batches, failures, the state that processes tell, the
health of every cluster. What is wrong becomes an alert: pending, firing, resolved, kept in the alert index of both regions.
The first SIGTERM drains, a second one ends at once.`;

/** `sluice monitor`: any number of them; one is active. */
export function monitorCommand(): Command {
  return new Command('monitor').description('watch every region and tell what is wrong, until SIGTERM or Ctrl-C')
    .addHelpText('after', HELP)
    .action((_, self: Command) => act(self));
}

async function act(self: Command): Promise<void> {
  const { config } = await configured(globalsOf(self).config);
  process.exitCode = await runMonitor(config);
}
