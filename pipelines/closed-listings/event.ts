import type { Decoded } from '../../src/domain/pipeline.ts';
import { FieldReader, parseObject } from '../field-reader.ts';
import { CONDITIONS, CURRENCY, FORMATS, ID, ID_WHAT, LISTING_ID, LISTING_ID_WHAT, MAX_CENTS, MAX_TITLE, SITES } from '../marketplace.ts';
import type { Condition, Format } from '../marketplace.ts';

export type CloseReason = 'expired' | 'reserve-not-met' | 'ended-by-seller' | 'removed-by-site';
const REASONS: ReadonlySet<CloseReason> = new Set<CloseReason>(['expired', 'reserve-not-met', 'ended-by-seller', 'removed-by-site']);

/** What stays of a closed listing whose removal was asked for. Times are epoch ms. */
export interface ClosedListingDeletion {
  readonly deleted: true;
  readonly listingId: string;
  readonly closedAt: number;
  readonly updatedAt: number;
}

/** A listing that closed unsold, as known at `updatedAt`: each event carries its whole state. Times are epoch ms, money hundredths. */
export interface ClosedListingState {
  readonly deleted: false;
  readonly listingId: string;
  readonly startedAt: number;
  readonly closedAt: number;
  readonly updatedAt: number;
  readonly reason: CloseReason;
  readonly site: string;
  readonly title: string;
  readonly categoryId: string;
  readonly sellerId: string;
  readonly condition: Condition;
  readonly format: Format;
  readonly quantity: number;
  readonly priceCents: number;
  readonly currency: string;
  readonly bids: number;
  readonly watchers: number;
  readonly views: number;
  /** The listing that took its place; empty while there is none. */
  readonly relistedAs: string;
}

export type ClosedListingEvent = ClosedListingState | ClosedListingDeletion;

/** Parses and validates one payload; unknown fields are ignored, so that the source may grow. */
export function decodeClosedListing(payload: Buffer): Decoded<ClosedListingEvent> {
  const object = parseObject(payload);
  if (typeof object === 'string') return { ok: false, problem: object };
  const reader = new FieldReader(object);
  const event = object['deleted'] === true ? readDeletion(reader) : readState(reader);
  return reader.problems.length === 0 ? { ok: true, event } : { ok: false, problem: reader.problems.join('; ') };
}

function readDeletion(reader: FieldReader): ClosedListingDeletion {
  return {
    deleted: true,
    listingId: reader.match('listingId', LISTING_ID, LISTING_ID_WHAT),
    closedAt: reader.time('closedAt'),
    updatedAt: reader.time('updatedAt'),
  };
}

function readState(reader: FieldReader): ClosedListingState {
  return {
    deleted: false,
    listingId: reader.match('listingId', LISTING_ID, LISTING_ID_WHAT),
    startedAt: reader.time('startedAt'),
    closedAt: reader.time('closedAt'),
    updatedAt: reader.time('updatedAt'),
    reason: reader.oneOf('reason', REASONS),
    site: reader.oneOf('site', SITES),
    title: reader.text('title', MAX_TITLE),
    categoryId: reader.match('categoryId', ID, ID_WHAT),
    sellerId: reader.match('sellerId', ID, ID_WHAT),
    condition: reader.oneOf('condition', CONDITIONS),
    format: reader.oneOf('format', FORMATS),
    quantity: reader.integer('quantity', 1, 100_000),
    priceCents: reader.integer('priceCents', 0, MAX_CENTS),
    currency: reader.match('currency', CURRENCY, 'a currency code of three capitals'),
    bids: reader.integer('bids', 0, 1_000_000),
    watchers: reader.integer('watchers', 0, 1_000_000_000),
    views: reader.integer('views', 0, 1_000_000_000),
    relistedAs: reader.optionalText('relistedAs', 64),
  };
}
