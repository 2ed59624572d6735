import type { Enricher, Fields, Seller } from '../../domain/pipeline.ts';
import { withFound } from './with-found.ts';

/**
 * Adds `seller: { id, name, country, since, feedback }`. An unknown seller fails the record; where `sellerIdOf` gives
 * null nothing is added.
 */
export function sellerFacts<Event>(sellerIdOf: (event: Event) => string | null): Enricher<Event> {
  return {
    name: 'seller-facts',
    enrich(event, lookups) {
      const id = sellerIdOf(event);
      if (id === null) return {};
      return withFound(lookups.sellers.get(id), `seller ${id} is unknown`, sellerFields);
    },
  };
}

function sellerFields(seller: Seller): Fields {
  return { seller };
}
