import type { Alert } from './alerts/alert.ts';
import { advance, type Examined } from './alerts/advance.ts';
import { hide } from './alerts/hide.ts';
import type { Silence } from './alerts/silence.ts';
import type { History } from './observe/history.ts';
import { latestOf } from './observe/history.ts';
import type { Rule } from './rules/rule.ts';

export interface Evaluation {
  readonly alerts: readonly Alert[];
  readonly refused: number;
  /** Rules that threw: a bug, told in the log; their alerts stay as they are. */
  readonly broken: readonly { readonly rule: string; readonly error: unknown }[];
}

/** One look judged: observations and the alerts before it in, the alerts after it out. */
export function evaluate(rules: readonly Rule[], history: History, alerts: readonly Alert[], silences: readonly Silence[]): Evaluation {
  const now = latestOf(history).at;
  const broken: { rule: string; error: unknown }[] = [];
  const examined = rules.map((rule): Examined => {
    try {
      return { rule, findings: rule.examine(history) };
    } catch (error) {
      broken.push({ rule: rule.name, error });
      return { rule, findings: null };
    }
  });
  const advanced = advance(alerts, examined, now);
  return { alerts: hide(advanced.alerts, silences, now), refused: advanced.refused, broken };
}
