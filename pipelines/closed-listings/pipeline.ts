import { definePipeline } from '../../src/domain/pipeline.ts';
import { categoryPath } from '../../src/ingest/enrich/category-path.ts';
import { priceInUsd } from '../../src/ingest/enrich/price-in-usd.ts';
import { sellerFacts } from '../../src/ingest/enrich/seller-facts.ts';
import { datedPrice } from '../marketplace.ts';
import { closedListingDocument } from './document.ts';
import { decodeClosedListing } from './event.ts';
import type { ClosedListingEvent } from './event.ts';

/** What closed unsold on the marketplace; relistings and removals come as newer versions. */
export const closedListings = definePipeline<ClosedListingEvent>({
  name: 'closed-listings',
  schema: 1,
  epoch: 0,
  index: { period: 'month', mapping: 'closed-listings', routedBy: 'closed_at' },
  decode: decodeClosedListing,
  enrichers: [
    categoryPath((event) => (event.deleted ? null : event.categoryId)),
    sellerFacts((event) => (event.deleted ? null : event.sellerId)),
    priceInUsd((event) => (event.deleted ? null : datedPrice(event.priceCents, event.currency, event.closedAt))),
  ],
  toDocument: closedListingDocument,
});
