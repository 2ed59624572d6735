import { stringify } from 'yaml';
import type { Rule } from '../rules/rule.ts';
import type { Thresholds } from '../rules/thresholds.ts';
import { EXPRESSIONS, RECORDINGS } from './expressions.ts';

const SECOND_MS = 1_000;
const RUNBOOK = 'docs/runbook.md';

/** `lane-held` → `SluiceLaneHeld`. */
export function alertNameOf(rule: string): string {
  return `Sluice${rule.split('-').map((part) => part.charAt(0).toUpperCase() + part.slice(1)).join('')}`;
}

/** Recording and alerting rules for Prometheus (2.42 or newer), as YAML: names, waits, severities and advice are those of the monitor's rules. */
export function prometheusRules(rules: readonly Rule[], thresholds: Thresholds, runbook = RUNBOOK): string {
  const alerts = rules.flatMap((rule) => {
    const expression = EXPRESSIONS[rule.name]?.(thresholds);
    return expression === undefined ? [] : [alertOf(rule, expression, runbook)];
  });
  const recordings = Object.entries(RECORDINGS).map(([record, expr]) => ({ record, expr }));
  return stringify({ groups: [{ name: 'sluice-recordings', rules: recordings }, { name: 'sluice-alerts', rules: [...alerts, ...watchdogs(runbook)] }] }, { lineWidth: 0 });
}

function alertOf({ name, severity, forMs, keepMs, meaning }: Rule, expr: string, runbook: string) {
  return {
    alert: alertNameOf(name), expr,
    ...(forMs === 0 ? {} : { for: `${forMs / SECOND_MS}s` }), ...(keepMs === 0 ? {} : { keep_firing_for: `${keepMs / SECOND_MS}s` }),
    labels: { severity, rule: name }, annotations: { summary: `${name} {{ $labels.lane }}{{ $labels.region }}{{ $labels.host }}: {{ $value }}`, description: meaning, runbook: `${runbook}#${name}` },
  };
}

/** Who watches the monitor: Prometheus does, and the other way round. */
function watchdogs(runbook: string) {
  const annotations = { runbook: `${runbook}#monitor-alive` };
  return [
    { alert: 'SluiceMonitorMissing', expr: 'absent(sluice_monitor_active == 1)', for: '60s', labels: { severity: 'critical', rule: 'monitor-missing' }, annotations: { summary: 'no monitor is active', description: 'No monitor of Sluice holds the lease, or none is scraped: nobody watches. Start sluice monitor.', ...annotations } },
    { alert: 'SluiceMonitorStuck', expr: 'time() - max(sluice_monitor_last_look_seconds) > 60', labels: { severity: 'critical', rule: 'monitor-stuck' }, annotations: { summary: 'the last look was {{ $value }} s ago', description: 'The monitors look at nothing any more: see their log.', ...annotations } },
    { alert: 'SluiceProcessDown', expr: 'up{job=~"sluice.*"} == 0', for: '30s', labels: { severity: 'critical', rule: 'process-down' }, annotations: { summary: '{{ $labels.instance }} is not scraped', description: 'A process of Sluice does not serve its metrics: it is gone or hangs.', ...annotations } },
  ];
}
