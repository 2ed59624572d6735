import { failureShare } from '../../src/monitor/rules/failures.ts';
import type { Rule } from '../../src/monitor/rules/rule.ts';

/** The lines come from files that people keep: some of them are always unsound, a fifth of them never. */
export const retailSalesAlerts: readonly Rule[] = [
  failureShare({ pipeline: 'retail-sales', failureShare: 0.2, failureCount: 100 }),
];
