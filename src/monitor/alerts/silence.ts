import { SluiceError } from '../../domain/errors.ts';
import type { Alert } from './alert.ts';

/** Keeps matching alerts from being told, from one time to another (epoch ms). They are still kept and listed. */
export interface Silence {
  readonly id: string;
  readonly matchers: readonly Matcher[];
  readonly by: string;
  readonly reason: string;
  readonly from: number;
  readonly until: number;
}

/** A label (or `rule`, `severity`, `id`) and the value it must have; `*` in the value stands for anything. */
export interface Matcher {
  readonly label: string;
  readonly value: string;
}

const FORM = /^([a-z_]+)=(.+)$/;

/** Whether a silence is about an alert: every one of its matchers must fit. */
export function matches({ matchers }: Silence, alert: Alert): boolean {
  const labels: Record<string, string> = { ...alert.labels, rule: alert.rule, severity: alert.severity, id: alert.id };
  return matchers.length > 0 && matchers.every(({ label, value }) => fits(labels[label], value));
}

/** Reads `rule=lag-*` or `lane=west-east`; throws USAGE for anything else. */
export function matcherOf(text: string): Matcher {
  const [, label, value] = FORM.exec(text) ?? [];
  if (label === undefined || value === undefined) throw new SluiceError('USAGE', `${text}: a silence matches by label=value, such as rule=lag-* or lane=west-east`);
  return { label, value };
}

/** Linear in both lengths: the pieces between the stars are looked for one after the other. */
function fits(found: string | undefined, wanted: string): boolean {
  if (found === undefined) return false;
  const [first = '', ...rest] = wanted.split('*');
  if (rest.length === 0) return found === wanted;
  const last = rest.pop() ?? '';
  if (!found.startsWith(first) || !found.endsWith(last)) return false;
  let at = first.length;
  for (const piece of rest) {
    const next = found.indexOf(piece, at);
    if (next < 0) return false;
    at = next + piece.length;
  }
  return at <= found.length - last.length;
}
