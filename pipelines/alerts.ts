import type { Rule } from '../src/monitor/rules/rule.ts';
import { retailSalesAlerts } from './retail-sales/alerts.ts';
import { soldItemsAlerts } from './sold-items/alerts.ts';

/** The alert rules of each pipeline that has its own, beside those that hold for all. */
export const pipelineAlerts: Readonly<Record<string, readonly Rule[]>> = {
  'sold-items': soldItemsAlerts,
  'retail-sales': retailSalesAlerts,
};
