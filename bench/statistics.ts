/** The value below which the share `q` (0…1) of the values lies; NaN for none. */
export function percentile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(q * sorted.length) - 1))] ?? Number.NaN;
}

export function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}

/** Rounded to so many digits behind the point. */
export function rounded(value: number, digits = 1): number {
  return Number(value.toFixed(digits));
}

export interface Spread { readonly min: number; readonly median: number; readonly max: number }

export function spreadOf(values: readonly number[], digits = 1): Spread {
  return { min: rounded(Math.min(...values), digits), median: rounded(median(values), digits), max: rounded(Math.max(...values), digits) };
}
