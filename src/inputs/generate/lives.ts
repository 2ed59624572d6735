import { buyerCountryOf } from './listing.ts';
import type { Listing } from './listing.ts';
import type { Random } from './random.ts';

/** One state of one document, as the source would tell it. `at` rises strictly along a life. */
export interface Step {
  readonly at: number;
  readonly id: string;
  readonly key: string;
  /** The event's fields, JSON values only. */
  readonly event: Readonly<Record<string, unknown>>;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** A sale from the hammer to its end: sold, paid, shipped, now and then refunded or cancelled, rarely removed. */
export function saleSteps(random: Random, listing: Listing, transactionId: string, soldAt: number): Step[] {
  const sale = {
    ...listing,
    transactionId,
    soldAt,
    quantity: listing.quantity === 1 ? 1 : random.integer(1, Math.min(4, listing.quantity)),
    shippingCents: random.chance(0.4) ? 0 : random.integer(199, 1_499),
    buyerCountry: buyerCountryOf(random, listing.site),
  };
  const id = `${listing.listingId}-${transactionId}`;
  return changesOf(random, soldAt).map((change) => ({
    at: change.at,
    id,
    key: listing.listingId,
    event: change.status === 'removed'
      ? { deleted: true, listingId: sale.listingId, transactionId, soldAt, updatedAt: change.at }
      : { ...sale, ...change.times, status: change.status, updatedAt: change.at },
  }));
}

interface Change {
  readonly at: number;
  readonly status: string;
  readonly times: Readonly<Record<string, number>>;
}

function changesOf(random: Random, soldAt: number): Change[] {
  const changes: Change[] = [];
  let times: Readonly<Record<string, number>> = {};
  let at = soldAt;
  const change = (status: string, field: string | null, afterMs: number): void => {
    at += Math.max(1, Math.round(afterMs));
    if (field !== null) times = { ...times, [field]: at };
    changes.push({ at, status, times });
  };
  change('sold', null, random.exponential(2_000));
  if (random.chance(0.05)) {
    change('cancelled', 'cancelledAt', random.exponential(12 * HOUR_MS));
  } else {
    change('paid', 'paidAt', random.exponential(3 * HOUR_MS));
    if (random.chance(0.93)) change('shipped', 'shippedAt', random.exponential(1.2 * DAY_MS));
    if (random.chance(0.04)) change('refunded', 'refundedAt', random.exponential(3 * DAY_MS));
  }
  if (random.chance(0.015)) change('removed', null, random.exponential(2 * DAY_MS));
  return changes;
}

/** A listing that closed unsold: closed, views counted once more, perhaps listed again, rarely removed. */
export function closingSteps(random: Random, listing: Listing, closedAt: number, relistedAs: string): Step[] {
  const startedAt = closedAt - random.pick([3, 5, 7, 7, 10, 30]) * DAY_MS;
  const views = Math.round(random.logNormal(40, 1));
  const closing = {
    ...listing,
    startedAt,
    closedAt,
    reason: reasonOf(random, listing.format),
    bids: 0,
    watchers: Math.round(views * random.unit() * 0.1),
    views,
    relistedAs: null,
  };
  const first = closedAt + Math.max(1, Math.round(random.exponential(3_000)));
  const steps = [step(listing.listingId, { ...closing, updatedAt: first })];
  let at = first + Math.max(1, Math.round(random.exponential(6 * HOUR_MS)));
  const counted = { ...closing, views: views + random.integer(0, 12) };
  if (random.chance(0.5)) steps.push(step(listing.listingId, { ...counted, updatedAt: at }));
  at += Math.max(1, Math.round(random.exponential(DAY_MS)));
  if (random.chance(0.3)) steps.push(step(listing.listingId, { ...counted, relistedAs, updatedAt: at }));
  at += Math.max(1, Math.round(random.exponential(2 * DAY_MS)));
  if (random.chance(0.015)) steps.push(step(listing.listingId, { deleted: true, listingId: listing.listingId, closedAt, updatedAt: at }));
  return steps;
}

function step(listingId: string, event: Readonly<Record<string, unknown>> & { readonly updatedAt: number }): Step {
  return { at: event.updatedAt, id: listingId, key: listingId, event };
}

function reasonOf(random: Random, format: string): string {
  if (random.chance(0.08)) return 'ended-by-seller';
  if (random.chance(0.01)) return 'removed-by-site';
  return format === 'auction' && random.chance(0.2) ? 'reserve-not-met' : 'expired';
}
