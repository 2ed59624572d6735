import { Command } from 'commander';
import { globalsOf } from '../../control/cli/globals.ts';
import { runApi } from '../api.ts';
import { configured } from '../configured.ts';

const HELP = `
Examples:
  SLUICE__HTTP__PORT=8080 sluice api
  curl -s localhost:8080/v1/failures?state=open
  curl -s localhost:8080/v1/failures/stats
  curl -s localhost:8080/v1/alerts                    # ?all=true: also what is over; /v1/alerts/ID
  curl -s localhost:8080/v1/redrives -H 'content-type: application/json' -d '{"type":"decode_error","by":"olga","dryRun":true}'
  curl -s localhost:8080/v1/failures/discard -H 'content-type: application/json' -d '{"id":"3f2a…","by":"olga","reason":"a test"}'

It listens on http.host, by default this machine alone, and asks nobody for a password: put a proxy that does in front of
it before it listens elsewhere. Also there: /livez, /readyz, /metrics, /status. The first SIGTERM drains, a second one ends at once.`;

/** `sluice api`: failures, redrive and alerts over REST. */
export function apiCommand(): Command {
  return new Command('api').description('serve failures, redrive and alerts over REST until SIGTERM or Ctrl-C')
    .addHelpText('after', HELP)
    .action((_, self: Command) => act(self));
}

async function act(self: Command): Promise<void> {
  const { config } = await configured(globalsOf(self).config);
  process.exitCode = await runApi(config);
}
