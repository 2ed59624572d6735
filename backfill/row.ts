import type { RowValue } from '../src/backfill/case.ts';

const MICROS = 1_000;
const LARGE_MICROS = 1_000n;

/** A column of timestamps (microseconds; ISO 8601 where the extract is JSON) as epoch ms, as the pipelines' events tell times; null stays null. */
export function millis(value: RowValue | undefined): number | null {
  if (value === null || value === undefined) return null;
  if (typeof value === 'string' && !Number.isNaN(Date.parse(value))) return Date.parse(value);
  if (typeof value !== 'bigint') throw new TypeError(`a timestamp was expected, not ${String(value)}`);
  const micros = Number(value);
  return Number.isSafeInteger(micros) ? Math.floor(micros / MICROS) : Number(value / LARGE_MICROS - (value % LARGE_MICROS < 0n ? 1n : 0n));
}

/** An exact decimal of the major unit, such as `12.99`, as hundredths; null stays null. Throws where it has finer parts. */
export function cents(value: RowValue | undefined): number | null {
  if (value === null || value === undefined) return null;
  const [, whole, part = ''] = /^(-?\d+)(?:\.(\d{1,2})0*)?$/.exec(String(value)) ?? [];
  if (whole === undefined) throw new TypeError(`an amount in hundredths was expected, not ${String(value)}`);
  return Number(`${whole}${part.padEnd(2, '0')}`);
}
