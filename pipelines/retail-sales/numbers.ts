const DECIMAL = /^(-?)([0-9]{1,9})(?:\.([0-9]{1,6}))?$/;
const DATE = /^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$/;
/** 2000-01-01T00:00:00Z, in seconds since 1970. */
export const SECONDS_2000 = Date.UTC(2000, 0, 1) / 1_000;
/** The time part of a version is below this: 2^31 seconds, into January 2068. */
export const SECONDS_SPAN = 2 ** 31;

/** A decimal in millionths, exact; NaN for what is no decimal, or has more than six decimals or nine digits before them. */
export function exactMicros(decimal: string): number {
  const found = DECIMAL.exec(decimal);
  if (found === null) return NaN;
  const micros = Number(found[2]) * 1_000_000 + Number((found[3] ?? '').padEnd(6, '0'));
  return found[1] === '-' && micros !== 0 ? -micros : micros;
}

/** `yyyy-mm-ddThh:mm:ssZ` in seconds since 1970; NaN for anything else and outside 2000…2067. */
export function utcSeconds(date: string): number {
  if (!DATE.test(date)) return NaN;
  const time = Date.parse(date);
  const seconds = time / 1_000;
  const inSpan = seconds >= SECONDS_2000 && seconds < SECONDS_2000 + SECONDS_SPAN;
  return inSpan && new Date(time).getUTCDate() === Number(date.slice(8, 10)) ? seconds : NaN;
}
