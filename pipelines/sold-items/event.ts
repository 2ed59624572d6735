import type { Decoded } from '../../src/domain/pipeline.ts';
import { FieldReader, parseObject } from '../field-reader.ts';
import { CONDITIONS, CURRENCY, FORMATS, ID, ID_WHAT, LISTING_ID, LISTING_ID_WHAT, MAX_CENTS, MAX_TITLE, SITES } from '../marketplace.ts';
import type { Condition, Format } from '../marketplace.ts';

export type Status = 'sold' | 'paid' | 'shipped' | 'refunded' | 'cancelled';
const STATUSES: ReadonlySet<Status> = new Set<Status>(['sold', 'paid', 'shipped', 'refunded', 'cancelled']);

/** What stays of a transaction whose removal was asked for. Times are epoch ms. */
export interface SoldItemDeletion {
  readonly deleted: true;
  readonly listingId: string;
  readonly transactionId: string;
  readonly soldAt: number;
  readonly updatedAt: number;
}

/** A transaction as it stood at `updatedAt`: each event carries its whole state. Times are epoch ms, money hundredths. */
export interface SoldItemState {
  readonly deleted: false;
  readonly listingId: string;
  readonly transactionId: string;
  readonly soldAt: number;
  readonly updatedAt: number;
  readonly status: Status;
  readonly site: string;
  readonly title: string;
  readonly categoryId: string;
  readonly sellerId: string;
  readonly condition: Condition;
  readonly format: Format;
  readonly quantity: number;
  readonly priceCents: number;
  readonly shippingCents: number;
  readonly currency: string;
  readonly buyerCountry: string;
  readonly paidAt: number | null;
  readonly shippedAt: number | null;
  readonly refundedAt: number | null;
  readonly cancelledAt: number | null;
}

export type SoldItemEvent = SoldItemState | SoldItemDeletion;

/** Parses and validates one payload; unknown fields are ignored, so that the source may grow. */
export function decodeSoldItem(payload: Buffer): Decoded<SoldItemEvent> {
  const object = parseObject(payload);
  return typeof object === 'string' ? { ok: false, problem: object } : readSoldItem(object);
}

/** Validates one payload that is parsed. */
export function readSoldItem(object: Readonly<Record<string, unknown>>): Decoded<SoldItemEvent> {
  const reader = new FieldReader(object);
  const event = object['deleted'] === true ? readDeletion(reader) : readState(reader);
  return reader.problems.length === 0 ? { ok: true, event } : { ok: false, problem: reader.problems.join('; ') };
}

function readDeletion(reader: FieldReader): SoldItemDeletion {
  return {
    deleted: true,
    listingId: reader.match('listingId', LISTING_ID, LISTING_ID_WHAT),
    transactionId: reader.match('transactionId', ID, ID_WHAT),
    soldAt: reader.time('soldAt'),
    updatedAt: reader.time('updatedAt'),
  };
}

function readState(reader: FieldReader): SoldItemState {
  return {
    deleted: false,
    listingId: reader.match('listingId', LISTING_ID, LISTING_ID_WHAT),
    transactionId: reader.match('transactionId', ID, ID_WHAT),
    soldAt: reader.time('soldAt'),
    updatedAt: reader.time('updatedAt'),
    status: reader.oneOf('status', STATUSES),
    site: reader.oneOf('site', SITES),
    title: reader.text('title', MAX_TITLE),
    categoryId: reader.match('categoryId', ID, ID_WHAT),
    sellerId: reader.match('sellerId', ID, ID_WHAT),
    condition: reader.oneOf('condition', CONDITIONS),
    format: reader.oneOf('format', FORMATS),
    quantity: reader.integer('quantity', 1, 100_000),
    priceCents: reader.integer('priceCents', 0, MAX_CENTS),
    shippingCents: reader.integer('shippingCents', 0, MAX_CENTS),
    currency: reader.match('currency', CURRENCY, 'a currency code of three capitals'),
    buyerCountry: reader.text('buyerCountry', 60),
    paidAt: reader.optionalTime('paidAt'),
    shippedAt: reader.optionalTime('shippedAt'),
    refundedAt: reader.optionalTime('refundedAt'),
    cancelledAt: reader.optionalTime('cancelledAt'),
  };
}
