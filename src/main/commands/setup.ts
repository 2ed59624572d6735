import { Command } from 'commander';
import { colors } from '../../control/cli/colors.ts';
import { globalsOf } from '../../control/cli/globals.ts';
import { createLog } from '../../observability/log.ts';
import type { SetupReport } from '../../setup/setup.ts';
import { configured, hostOf } from '../configured.ts';
import { runSetup } from '../setup.ts';

/** `sluice setup`: safe to repeat, and to run from several hosts at once. */
export function setupCommand(): Command {
  return new Command('setup').description('create topics, templates, indices and aliases where they are missing')
    .addHelpText('after', '\nExamples:\n  sluice setup\n  sluice setup --json\n\nTopics and indices that are there stay as they are. Templates, aliases and fields that a newer mapping adds are brought up to\ndate; a field is never changed or removed. It may be repeated at any time.')
    .action((_, self: Command) => act(self));
}

async function act(self: Command): Promise<void> {
  const { json, config: file } = globalsOf(self);
  const { config } = await configured(file);
  const log = createLog({ level: config.log.level, service: 'setup', host: hostOf(config), hostGroup: config.host.group });
  const report = await runSetup(config, log);
  process.stdout.write(json ? `${JSON.stringify(report)}\n` : `${linesOf(report).join('\n')}\n`);
  process.exitCode = report.ok ? 0 : 1;
}

/** One line a cluster: what was created, what was there, or what is wrong. */
function linesOf(report: SetupReport): string[] {
  const topics = (where: string, part: SetupReport['source']) => (part.ok ? `${where}: topics ${counted(part)}` : colors.red(`${where}: ${part.problem}`));
  return [
    topics('source', report.source),
    ...Object.entries(report.regions).flatMap(([name, { log, search }]) => [
      topics(`${name} Kafka`, log),
      search.ok ? `${name} Elasticsearch: ${search.templates.length} templates, indices ${counted(search.indices)}` : colors.red(`${name} Elasticsearch: ${search.problem}`),
    ]),
  ];
}

function counted({ created, kept }: { readonly created: readonly string[]; readonly kept: readonly string[] }): string {
  return `${created.length} created, ${kept.length} there already`;
}
