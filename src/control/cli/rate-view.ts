import { InvalidArgumentError } from 'commander';
import { effectiveRate, type RateValues } from '../../policy/rate-policy.ts';
import type { ToldRate } from '../../policy/rates.ts';
import { ageText } from './lane-report.ts';
import { table } from './table.ts';

const BYTES: Readonly<Record<string, number>> = { '': 1, k: 1e3, m: 1e6, g: 1e9 };

/** One row a lane: what holds for it, and who said so. */
export function rateTable(rates: readonly ToldRate[], configuredOf: (destination: string) => RateValues, now: number): string {
  const rows = rates.map(({ destination, source, policy, problem }) => {
    const { documentsPerSecond, bytesPerSecond, searchFactor } = effectiveRate(policy, configuredOf(destination));
    const from = problem ?? (policy === null ? 'configuration' : `${policy.by}, ${ageText(now - policy.at)} ago`);
    return [`${source}-${destination}`, destination, capText(documentsPerSecond), capText(bytesPerSecond), searchFactor === 0 ? 'off' : String(searchFactor), from];
  });
  return table(['lane', 'writes to', 'documents/s', 'bytes/s', 'search factor', 'set by'], rows);
}

function capText(cap: number | null): string {
  return cap === null ? 'no cap' : cap.toLocaleString('en');
}

/** `5000`, `5000/s` → 5000. Throws InvalidArgumentError. */
export function documentsOption(text: string): number {
  const [, amount] = /^(\d+(?:\.\d+)?)(?:\/s)?$/.exec(text) ?? [];
  if (amount === undefined) throw new InvalidArgumentError('expected documents per second, such as 5000.');
  return Number(amount);
}

/** `3000000`, `500k`, `3MB/s` → bytes per second. Throws InvalidArgumentError. */
export function bytesOption(text: string): number {
  const [, amount, unit] = /^(\d+(?:\.\d+)?)([kmg]?)b?(?:\/s)?$/i.exec(text) ?? [];
  if (amount === undefined) throw new InvalidArgumentError('expected bytes per second, such as 3000000, 500k or 3MB.');
  return Number(amount) * (BYTES[(unit ?? '').toLowerCase()] as number);
}

/** `1.5`, or `off` → 0. Throws InvalidArgumentError. */
export function factorOption(text: string): number {
  if (text === 'off') return 0;
  const factor = Number(text);
  if (!(factor > 1 && factor <= 100)) throw new InvalidArgumentError('expected a factor above 1 such as 1.5, or off.');
  return factor;
}
