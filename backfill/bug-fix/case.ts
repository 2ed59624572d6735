import { defineCase } from '../../src/backfill/case.ts';
import { soldItemEvent } from '../sold-item.ts';

/**
 * Sold items made anew by the enrichers as they are now, such as `price_usd` after wrong exchange rates: one data revision above
 * what the pipeline writes, so it beats what old code made of the same event, and loses to newer events. Where the mended code
 * carries a raised epoch of its own, 0 is enough.
 */
export const bugFix = defineCase({
  name: 'bug-fix',
  about: 'recompute fields of sold items with the current enrichers; newer events stay',
  pipeline: 'sold-items',
  sql: new URL('extract.sql', import.meta.url),
  dated: 'sold_items',
  joined: [],
  raiseEpoch: 1,
  event: soldItemEvent,
});
