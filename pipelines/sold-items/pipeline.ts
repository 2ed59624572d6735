import { definePipeline } from '../../src/domain/pipeline.ts';
import { categoryPath } from '../../src/ingest/enrich/category-path.ts';
import { priceInUsd } from '../../src/ingest/enrich/price-in-usd.ts';
import { sellerFacts } from '../../src/ingest/enrich/seller-facts.ts';
import { datedPrice } from '../marketplace.ts';
import { soldItemDocument } from './document.ts';
import { decodeSoldItem, readSoldItem } from './event.ts';
import type { SoldItemEvent } from './event.ts';

/** What sold on the marketplace, at what price; later updates and removals come as newer versions. */
export const soldItems = definePipeline<SoldItemEvent>({
  name: 'sold-items',
  schema: 1,
  epoch: 0,
  index: { period: 'day', mapping: 'sold-items', routedBy: 'sold_at' },
  decode: decodeSoldItem,
  read: readSoldItem,
  enrichers: [
    categoryPath((event) => (event.deleted ? null : event.categoryId)),
    sellerFacts((event) => (event.deleted ? null : event.sellerId)),
    priceInUsd((event) => (event.deleted ? null : datedPrice(event.priceCents, event.currency, event.soldAt))),
  ],
  toDocument: soldItemDocument,
});
