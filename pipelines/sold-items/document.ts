import type { Document } from '../../src/domain/document.ts';
import type { Fields } from '../../src/domain/pipeline.ts';
import { isoTime, majorUnits } from '../marketplace.ts';
import type { SoldItemDeletion, SoldItemEvent, SoldItemState } from './event.ts';

/** The document of one transaction: id = listing + transaction, version = time of the update, index by day of the sale. */
export function soldItemDocument(event: SoldItemEvent, facts: Fields): Document {
  return {
    id: `${event.listingId}-${event.transactionId}`,
    key: event.listingId,
    sourceVersion: event.updatedAt,
    routingTime: event.soldAt,
    deleted: event.deleted,
    body: event.deleted ? identity(event) : { ...identity(event), ...state(event), ...facts },
  };
}

/** A tombstone keeps these alone, and so nothing about persons. */
function identity(event: SoldItemState | SoldItemDeletion): Fields {
  return {
    listing_id: event.listingId,
    transaction_id: event.transactionId,
    sold_at: isoTime(event.soldAt),
    updated_at: isoTime(event.updatedAt),
  };
}

function state(event: SoldItemState): Fields {
  return {
    status: event.status,
    site: event.site,
    title: event.title,
    condition: event.condition,
    format: event.format,
    quantity: event.quantity,
    price: majorUnits(event.priceCents),
    price_cents: event.priceCents,
    shipping_cents: event.shippingCents,
    total_cents: event.priceCents * event.quantity + event.shippingCents,
    currency: event.currency,
    buyer_country: event.buyerCountry,
    paid_at: isoTime(event.paidAt),
    shipped_at: isoTime(event.shippedAt),
    refunded_at: isoTime(event.refundedAt),
    cancelled_at: isoTime(event.cancelledAt),
  };
}
