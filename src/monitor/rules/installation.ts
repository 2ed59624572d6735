import type { Rule } from './rule.ts';

/** The rules with evidence that names the indices of an installation: they themselves know no prefix. */
export function rulesIn(prefix: string, rules: readonly Rule[]): Rule[] {
  const named = (line: string) => line.replace(/^(GET|POST) \/(?!_)/, `$1 /${prefix}`);
  return rules.map((rule) => ({ ...rule, examine: (history) => rule.examine(history).map((finding) => ({ ...finding, evidence: finding.evidence.map(named) })) }));
}
