import { failureShare } from '../../src/monitor/rules/failures.ts';
import type { Rule } from '../../src/monitor/rules/rule.ts';

/** Sold items are what research pays for: a tenth of what other pipelines may lose is told. */
export const soldItemsAlerts: readonly Rule[] = [
  failureShare({ pipeline: 'sold-items', failureShare: 0.001, failureCount: 20 }),
];
