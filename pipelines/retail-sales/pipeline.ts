import { definePipeline } from '../../src/domain/pipeline.ts';
import { retailSaleDocument } from './document.ts';
import { decodeRetailSale } from './event.ts';
import type { RetailSalesEvent } from './event.ts';

/** Lines of a shop's invoices; a cancellation is a newer version of the sale that it answers. Rules: README.md beside this. */
export const retailSales = definePipeline<RetailSalesEvent>({
  name: 'retail-sales',
  schema: 1,
  epoch: 0,
  index: { period: 'month', mapping: 'retail-sales', routedBy: 'invoice_date' },
  decode: decodeRetailSale,
  enrichers: [],
  toDocument: retailSaleDocument,
});
