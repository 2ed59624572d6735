import type { Document } from '../../src/domain/document.ts';
import type { Fields } from '../../src/domain/pipeline.ts';
import { isoTime, majorUnits } from '../marketplace.ts';
import type { ClosedListingEvent, ClosedListingState } from './event.ts';

const DAY_MS = 86_400_000;

/** The document of one listing that closed unsold: id = listing, version = time of the update, index by month of closing. */
export function closedListingDocument(event: ClosedListingEvent, facts: Fields): Document {
  return {
    id: event.listingId,
    key: event.listingId,
    sourceVersion: event.updatedAt,
    routingTime: event.closedAt,
    deleted: event.deleted,
    body: event.deleted ? identity(event) : { ...identity(event), ...state(event), ...facts },
  };
}

function identity(event: ClosedListingEvent): Fields {
  return { listing_id: event.listingId, closed_at: isoTime(event.closedAt), updated_at: isoTime(event.updatedAt) };
}

function state(event: ClosedListingState): Fields {
  return {
    started_at: isoTime(event.startedAt),
    days_listed: Math.floor((event.closedAt - event.startedAt) / DAY_MS),
    reason: event.reason,
    site: event.site,
    title: event.title,
    condition: event.condition,
    format: event.format,
    quantity: event.quantity,
    price: majorUnits(event.priceCents),
    price_cents: event.priceCents,
    currency: event.currency,
    bids: event.bids,
    watchers: event.watchers,
    views: event.views,
    relisted: event.relistedAs !== '',
    relisted_as: event.relistedAs === '' ? null : event.relistedAs,
  };
}
