import type { RetailLine } from './event.ts';

/** What a line is about. */
export type Kind =
  | 'sale' | 'cancellation' | 'gift-voucher' | 'postage' | 'discount' | 'manual' | 'sample' | 'fee' | 'bad-debt' | 'test'
  | 'free' | 'adjustment';

/** Codes that are no product. Compared in capitals: `m` is `M`. */
const SERVICE_CODES: ReadonlyMap<string, Kind> = new Map<string, Kind>([
  ['POST', 'postage'],
  ['DOT', 'postage'],
  ['C2', 'postage'],
  ['D', 'discount'],
  ['M', 'manual'],
  ['S', 'sample'],
  ['AMAZONFEE', 'fee'],
  ['BANK CHARGES', 'fee'],
  ['CRUK', 'fee'],
  ['B', 'bad-debt'],
  ['PADS', 'free'],
]);

/** The kind that the stock code alone decides; null for a product. */
export function serviceKindOf(stockCode: string): Kind | null {
  const code = stockCode.toUpperCase();
  const known = SERVICE_CODES.get(code);
  if (known !== undefined) return known;
  if (code.startsWith('GIFT_')) return 'gift-voucher';
  if (code.startsWith('TEST')) return 'test';
  return code.startsWith('ADJUST') ? 'adjustment' : null;
}

/** First rule that fits: special invoice, code, cancellation, then quantity and price. */
export function kindOf(line: RetailLine): Kind {
  if (line.invoiceNo.startsWith('A')) return 'bad-debt';
  const service = serviceKindOf(line.stockCode);
  if (service !== null) return service;
  if (isCancellation(line)) return 'cancellation';
  if (line.quantity <= 0 || line.unitPriceMicros < 0) return 'adjustment';
  if (line.unitPriceMicros > 0) return 'sale';
  return line.customerId === '' ? 'adjustment' : 'free';
}

export function isCancellation(line: RetailLine): boolean {
  return line.invoiceNo.startsWith('C');
}
