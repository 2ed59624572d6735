import { Command } from 'commander';
import { globalsOf } from '../../control/cli/globals.ts';
import { EXPRESSIONS } from '../../monitor/prometheus/expressions.ts';
import { alertNameOf, prometheusRules } from '../../monitor/prometheus/rules-file.ts';
import { defaultRules } from '../../monitor/rules/defaults.ts';
import { configured } from '../configured.ts';

const HELP = `
Examples:
  sluice alerts rules > sluice.rules.yml     # then: promtool check rules sluice.rules.yml
  sluice alerts rules --json | jq '.rules[].expr'

docs/prometheus/sluice.rules.yml is the same with the thresholds of an empty configuration.`;

/** `sluice alerts rules`: the monitor's rules for Prometheus, with the thresholds of the configuration. */
export function rulesCommand(): Command {
  return new Command('rules').description('print the rules for Prometheus, with the thresholds of the configuration')
    .addHelpText('after', HELP).action((_, self: Command) => act(self));
}

async function act(self: Command): Promise<void> {
  const { config: file, json } = globalsOf(self);
  const { thresholds, runbook } = (await configured(file)).config.monitor;
  const rules = defaultRules(thresholds);
  process.stdout.write(json
    ? `${JSON.stringify({ rules: rules.map(({ name, severity, forMs }) => ({ name, alert: alertNameOf(name), severity, forMs, expr: EXPRESSIONS[name]?.(thresholds) ?? null })) })}\n`
    : prometheusRules(rules, thresholds, runbook));
}
