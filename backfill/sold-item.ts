import type { Row } from '../src/backfill/case.ts';
import { cents, millis } from './row.ts';

/** A row of `sold_items` as the event that its source would have sent, for cases that rebuild sold items. */
export function soldItemEvent(row: Row): Record<string, unknown> {
  const known = { listingId: row['listingId'], transactionId: row['transactionId'], soldAt: millis(row['soldAt']), updatedAt: millis(row['updatedAt']) };
  if (row['deleted'] === true) return { deleted: true, ...known };
  const { status, site, title, categoryId, sellerId, condition, format, quantity, currency, buyerCountry } = row;
  return {
    ...known, status, site, title, categoryId, sellerId, condition, format, quantity, currency, buyerCountry,
    priceCents: cents(row['price']), shippingCents: cents(row['shipping']),
    paidAt: millis(row['paidAt']), shippedAt: millis(row['shippedAt']), refundedAt: millis(row['refundedAt']), cancelledAt: millis(row['cancelledAt']),
  };
}
