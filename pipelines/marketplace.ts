import type { DatedPrice } from '../src/ingest/enrich/price-in-usd.ts';

/** What the marketplace pipelines have in common: the closed sets of their events. */
export const SITES: ReadonlySet<string> = new Set(['US', 'UK', 'DE', 'FR', 'IT', 'ES', 'AU', 'CA']);

export type Condition = 'new' | 'open-box' | 'refurbished' | 'used' | 'for-parts';
export const CONDITIONS: ReadonlySet<Condition> = new Set<Condition>(['new', 'open-box', 'refurbished', 'used', 'for-parts']);

export type Format = 'fixed-price' | 'auction';
export const FORMATS: ReadonlySet<Format> = new Set<Format>(['fixed-price', 'auction']);

export const CURRENCY = /^[A-Z]{3}$/;
/** Transaction, seller and category ids: digits and letters with dashes inside. */
export const ID = /^[A-Za-z0-9][A-Za-z0-9-]{0,63}$/;
export const ID_WHAT = 'an id of 1 to 64 letters, digits and dashes';
/** Of a listing without dashes, since the id of a document is listing, dash, transaction: two sales must never share one. */
export const LISTING_ID = /^[A-Za-z0-9]{1,64}$/;
export const LISTING_ID_WHAT = 'an id of 1 to 64 letters and digits';
export const MAX_TITLE = 200;
/** Ten million in major units: larger prices are mistakes. */
export const MAX_CENTS = 1_000_000_000;

/** Hundredths of the major unit as the nearest double: 1299 → 12.99. */
export function majorUnits(cents: number): number {
  return cents / 100;
}

/** Epoch ms → ISO 8601 in UTC; null stays null. */
export function isoTime(time: number): string;
export function isoTime(time: number | null): string | null;
export function isoTime(time: number | null): string | null {
  if (time === null) return null;
  const day = Math.floor(time / DAY_MS);
  if (day !== lastDay) {
    lastDate = new Date(day * DAY_MS).toISOString().slice(0, 11);
    lastDay = day;
  }
  const left = time - day * DAY_MS;
  const [hours, minutes, seconds] = [Math.floor(left / 3_600_000), Math.floor(left / 60_000) % 60, Math.floor(left / 1_000) % 60];
  return `${lastDate}${two(hours)}:${two(minutes)}:${two(seconds)}.${String(left % 1_000).padStart(3, '0')}Z`;
}

const DAY_MS = 86_400_000;
/** Times of one day follow each other: its date is made once. */
let lastDay = Number.NaN;
let lastDate = '';

function two(number: number): string {
  return number < 10 ? `0${number}` : `${number}`;
}

/** A price with the day (UTC) whose exchange rate counts for it. */
export function datedPrice(cents: number, currency: string, time: number): DatedPrice {
  return { amount: majorUnits(cents), currency, date: isoTime(time).slice(0, 10) };
}
