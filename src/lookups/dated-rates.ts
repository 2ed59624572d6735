import { parse } from 'csv-parse/sync';
import { z } from 'zod';

/** A rate counts for this many days after its own; then it is too old to be used. */
export const LOOK_BACK_DAYS = 62;

const DAY_MS = 86_400_000;
const row = z.strictObject({
  date: z.iso.date(),
  currency: z.string().regex(/^[A-Z]{3}$/),
  usd: z.coerce.number().positive(),
});

interface DatedRate {
  readonly date: string;
  /** Last day on which the rate counts. */
  readonly until: string;
  readonly usd: number;
}

/** Rates by currency, in order of date. Dates are `yyyy-mm-dd`, so text order is time order and nothing is parsed to read one. */
export class DatedRates {
  readonly #byCurrency: ReadonlyMap<string, readonly DatedRate[]>;

  constructor(byCurrency: ReadonlyMap<string, readonly DatedRate[]>) {
    this.#byCurrency = byCurrency;
  }

  /** How many dated rates there are. */
  get size(): number {
    let size = 0;
    for (const rates of this.#byCurrency.values()) size += rates.length;
    return size;
  }

  /** Key `currency@yyyy-mm-dd`: US dollars for one unit, by the latest rate known up to that day; undefined without one. */
  get(key: string): number | undefined {
    const rates = this.#byCurrency.get(key.slice(0, 3));
    if (rates === undefined || key.length !== 14 || key[3] !== '@') return undefined;
    const date = key.slice(4);
    const rate = rates[countUpTo(rates, date) - 1];
    return rate !== undefined && date <= rate.until ? rate.usd : undefined;
  }
}

/** Rates from CSV with the columns `date`, `currency`, `usd`, in any order of lines. Throws with the number of the bad line. */
export function parseRates(text: string): DatedRates {
  const byCurrency = new Map<string, DatedRate[]>();
  const records: unknown[] = parse(text, { columns: true, skip_empty_lines: true, trim: true, bom: true });
  for (const [index, record] of records.entries()) {
    const { success, data, error } = row.safeParse(record);
    if (!success) throw new Error(`rate ${index + 1} is wrong: ${z.prettifyError(error)}`);
    const rates = byCurrency.get(data.currency) ?? [];
    byCurrency.set(data.currency, rates);
    rates.push({ date: data.date, until: lastDayOf(data.date), usd: data.usd });
  }
  if (byCurrency.size === 0) throw new Error('there are no rates');
  for (const rates of byCurrency.values()) rates.sort((left, right) => (left.date < right.date ? -1 : 1));
  return new DatedRates(byCurrency);
}

function lastDayOf(date: string): string {
  return new Date(Date.parse(date) + LOOK_BACK_DAYS * DAY_MS).toISOString().slice(0, 10);
}

/** How many rates are dated on or before that day (binary search). */
function countUpTo(rates: readonly DatedRate[], date: string): number {
  let low = 0;
  let high = rates.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((rates[middle] as DatedRate).date <= date) low = middle + 1;
    else high = middle;
  }
  return low;
}
