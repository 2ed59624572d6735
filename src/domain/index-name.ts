/** How a pipeline's documents spread over indices. */
export type Period = 'day' | 'month' | 'year';

/** `sold-items` + month + 2026-11-22 → `sold-items-2026.11` (UTC). The routing time is immutable, so the index is, too. */
export function indexNameOf(base: string, period: Period, routingTime: number): string {
  const iso = new Date(routingTime).toISOString();
  if (iso.length !== 24) throw new RangeError(`routing time ${routingTime} is outside the years 0…9999`);
  const date = iso.slice(0, period === 'day' ? 10 : period === 'month' ? 7 : 4);
  return `${base}-${date.replaceAll('-', '.')}`;
}

/** Every index name from one time to another, both included. */
export function indexNamesBetween(base: string, period: Period, from: number, to: number): string[] {
  const names: string[] = [];
  for (let at = startOf(period, from); at <= to; at = nextOf(period, at)) names.push(indexNameOf(base, period, at));
  return names;
}

/** Date in an index's name, by period. */
const DATES: Readonly<Record<Period, RegExp>> = { day: /^(\d{4})\.(\d{2})\.(\d{2})$/, month: /^(\d{4})\.(\d{2})$/, year: /^(\d{4})$/ };

/** When the time is over that an index of this family covers, epoch ms; null where the name is none of the family's with such a date. */
export function endOfIndex(base: string, period: Period, name: string): number | null {
  const [, year, month = '01', day = '01'] = (name.startsWith(`${base}-`) ? DATES[period].exec(name.slice(base.length + 1)) : null) ?? [];
  if (year === undefined) return null;
  const start = Date.UTC(Number(year), Number(month) - 1, Number(day));
  return indexNameOf(base, period, start) === name ? nextOf(period, start) : null;
}

function startOf(period: Period, time: number): number {
  const date = new Date(time);
  return Date.UTC(date.getUTCFullYear(), period === 'year' ? 0 : date.getUTCMonth(), period === 'day' ? date.getUTCDate() : 1);
}

function nextOf(period: Period, start: number): number {
  const date = new Date(start);
  if (period === 'day') return start + 86_400_000;
  return Date.UTC(date.getUTCFullYear() + (period === 'year' ? 1 : 0), period === 'year' ? 0 : date.getUTCMonth() + 1, 1);
}

/** What Elasticsearch accepts as an index name (the rules of its create-index API). */
export function isIndexName(name: string): boolean {
  return (
    name.length > 0 && Buffer.byteLength(name) <= 255 && name === name.toLowerCase() &&
    !/^[-_+]/.test(name) && !/[\\/*?"<>| ,#:]/.test(name) && name !== '.' && name !== '..'
  );
}
