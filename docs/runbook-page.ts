import { configSchema } from '../src/config/schema.ts';
import { defaultRules } from '../src/monitor/rules/defaults.ts';
import type { Rule } from '../src/monitor/rules/rule.ts';
import { pipelineAlerts } from '../pipelines/alerts.ts';
import { GENERATED } from './markdown.ts';

/** docs/runbook.md: what each alert means and what to do, from the rules themselves. */
export function runbookPage(): string {
  const defaults = defaultRules(configSchema.shape.monitor.parse({}).thresholds);
  return [
    GENERATED,
    '# Runbook',
    'What `sluice monitor` tells, with the thresholds of an empty configuration (`monitor.thresholds` in [configuration.md](configuration.md)). `sluice alerts show ID` prints the figures, the same advice, and commands that show more.',
    ...defaults.flatMap(sectionOf),
    '# Of single pipelines',
    ...Object.entries(pipelineAlerts).flatMap(([pipeline, rules]) => rules.flatMap((rule) => sectionOf(rule, `\`pipelines/${pipeline}/alerts.ts\``))),
    '# monitor-alive',
    'Fires as long as a monitor lives, in Alertmanager only. Route it to a dead-man\'s switch: alert on its absence.',
    '',
  ].join('\n\n').trimEnd().concat('\n');
}

function sectionOf({ name, severity, forMs, keepMs, meaning }: Rule, where: unknown): string[] {
  const from = typeof where === 'string' ? ` From ${where}.` : '';
  const wait = forMs === 0 ? 'fires at once' : `fires after ${forMs / 1_000} s`;
  return [`## ${name}`, `*${severity}, ${wait}, is resolved ${keepMs === 0 ? 'at once' : `after ${keepMs / 1_000} s without it`}.*${from} ${meaning}`];
}
