import { capacityPage } from './capacity-page.ts';
import { configurationPage } from './configuration-page.ts';
import { outcomesPage } from './outcomes-page.ts';
import { DASHBOARDS, grafanaJson } from '../src/monitor/prometheus/dashboards.ts';
import { prometheusRules } from '../src/monitor/prometheus/rules-file.ts';
import { defaultRules } from '../src/monitor/rules/defaults.ts';
import { configSchema } from '../src/config/schema.ts';
import { runbookPage } from './runbook-page.ts';

const THRESHOLDS = configSchema.shape.monitor.parse({}).thresholds;

/** The generated pages of this folder: file name → how its text is printed. */
export const PAGES: Readonly<Record<string, () => string>> = {
  'capacity.md': capacityPage,
  'configuration.md': configurationPage,
  'outcomes.md': outcomesPage,
  'runbook.md': runbookPage,
  'prometheus/sluice.rules.yml': () => prometheusRules(defaultRules(THRESHOLDS), THRESHOLDS),
  ...Object.fromEntries(DASHBOARDS.map((dashboard) => [`grafana/${dashboard.name}.json`, () => grafanaJson(dashboard)])),
};
