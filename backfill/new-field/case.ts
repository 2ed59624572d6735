import { defineCase, type Row } from '../../src/backfill/case.ts';
import type { Fields } from '../../src/domain/pipeline.ts';
import { soldItemEvent } from '../sold-item.ts';

/**
 * Sold items rebuilt whole, each with a field more: the band of its seller, from a join. Two data revisions above what the pipeline
 * writes, so it also beats a bug fix, which would take the field away again. The pipeline itself has to give the field from now on, or newer events come without it.
 */
export const newField = defineCase({
  name: 'new-field',
  about: 'add seller_band to old sold items, from a join with the sellers',
  pipeline: 'sold-items',
  sql: new URL('extract.sql', import.meta.url),
  dated: 'sold_items',
  joined: ['sellers'],
  raiseEpoch: 2,
  newFields: ['seller_band'],
  event: soldItemEvent,
  fields: sellerBand,
});

/** A seller whom the warehouse lacks is told, as a failure of that row, and not guessed. */
function sellerBand(row: Row): Fields {
  if (row['sellerBand'] === null) throw new TypeError(`the warehouse has no seller ${String(row['sellerId'])}`);
  return { seller_band: row['sellerBand'] };
}
