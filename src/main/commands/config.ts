import { Command } from 'commander';
import { colors } from '../../control/cli/colors.ts';
import { configJsonSchema, configLines, redactedConfig } from '../../config/describe.ts';
import { globalsOf } from '../../control/cli/globals.ts';
import { table } from '../../control/cli/table.ts';
import { configured } from '../configured.ts';

/** `sluice config check|show|schema`: reads nothing but files and the environment. */
export function configCommand(): Command {
  const command = new Command('config').description('check, show or describe the configuration');
  command.command('check').description('validate the configuration; every problem is listed')
    .addHelpText('after', '\nExamples:\n  sluice config check\n  sluice --config staging.yaml config check\n  SLUICE__PROCESSOR__BATCH_BYTES=1000000 sluice config check')
    .action((_, self: Command) => check(self));
  command.command('show').description('print every value with where it comes from; secrets are hidden')
    .addHelpText('after', '\nExamples:\n  sluice config show\n  sluice config show --json | jq .processor')
    .action((_, self: Command) => show(self));
  command.command('schema').description('print the JSON Schema of the configuration, for editors')
    .addHelpText('after', '\nExample:\n  sluice config schema > sluice.schema.json')
    .action(() => print(JSON.stringify(configJsonSchema(), null, 2)));
  return command.addHelpText('after', '\nExample:\n  sluice config check');
}

async function check(self: Command): Promise<void> {
  const { json, config: file } = globalsOf(self);
  const loaded = await configured(file);
  const regions = Object.keys(loaded.config.regions);
  if (json) return print(JSON.stringify({ ok: true, file: loaded.file, regions, pipelines: loaded.config.pipelines }));
  print(`${colors.green('right')}: ${loaded.file ?? 'the environment'}: regions ${regions.join(', ')}; pipelines ${loaded.config.pipelines.join(', ')}`);
}

async function show(self: Command): Promise<void> {
  const { json, config: file } = globalsOf(self);
  const loaded = await configured(file);
  if (json) return print(JSON.stringify(redactedConfig(loaded), null, 2));
  print(table(['path', 'value', 'from'], configLines(loaded).map((line) => [line.path, JSON.stringify(line.value), line.source])));
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
