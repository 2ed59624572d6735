import type { Enricher, Fields } from '../../domain/pipeline.ts';
import { withFound } from './with-found.ts';

/** A price as the source gave it. */
export interface DatedPrice {
  readonly amount: number;
  /** ISO 4217, upper case. */
  readonly currency: string;
  /** `yyyy-mm-dd` (UTC): the day whose rate counts. */
  readonly date: string;
}

/**
 * Adds the price in US dollars under `field` (`price_usd`), rounded to cents: `Math.round(amount × rate × 100) / 100`.
 * No rate for that currency and day fails the record; where `priceOf` gives null nothing is added.
 */
export function priceInUsd<Event>(priceOf: (event: Event) => DatedPrice | null, field = 'price_usd'): Enricher<Event> {
  return {
    name: field,
    enrich(event, lookups) {
      const price = priceOf(event);
      if (price === null) return {};
      const rate = lookups.rates.get(`${price.currency}@${price.date}`);
      return withFound(rate, `no ${price.currency} rate is known for ${price.date}`, (usd) => usdField(field, price.amount, usd));
    },
  };
}

function usdField(field: string, amount: number, rate: number): Fields {
  return { [field]: Math.round(amount * rate * 100) / 100 };
}
