import { defineCase } from '../../src/backfill/case.ts';
import { soldItemEvent } from '../sold-item.ts';

/** Sold items that never arrived, or arrived in an older state: only what is absent or older is written. */
export const missedEvents = defineCase({
  name: 'missed-events',
  about: 'index sold items that are absent or older than the warehouse has them',
  pipeline: 'sold-items',
  sql: new URL('extract.sql', import.meta.url),
  dated: 'sold_items',
  joined: [],
  raiseEpoch: 0,
  event: soldItemEvent,
});
