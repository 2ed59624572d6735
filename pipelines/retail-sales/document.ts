import type { Document } from '../../src/domain/document.ts';
import type { Fields } from '../../src/domain/pipeline.ts';
import type { RetailLine, RetailSalesEvent } from './event.ts';
import { isCancellation, kindOf } from './kind.ts';
import { SECONDS_2000 } from './numbers.ts';

/** Room for cancellations inside a version: the low twelve bits. */
const CANCELLATIONS_ROOM = 4_096;
const MICROS = 1_000_000;

/**
 * The document of one line of an invoice: id = product + invoice (+ occurrence), index by month of that invoice. A
 * cancellation whose sale is known becomes a newer version of the sale's document.
 */
export function retailSaleDocument(event: RetailSalesEvent): Document {
  const line = event.answers?.sale ?? event.line;
  const cancellations = event.answers === null ? [] : [...event.answers.earlier, event.line];
  const id = retailSaleId(line);
  return {
    id,
    key: id,
    sourceVersion: retailSaleVersion(line, cancellations),
    routingTime: line.invoiceSeconds * 1_000,
    deleted: false,
    body: { ...lineFields(line), ...cancellationFields(line, cancellations) },
  };
}

/** `StockCode-InvoiceNo`, and `-2`, `-3`, … for further lines of the product on the invoice. */
export function retailSaleId(line: RetailLine): string {
  const first = `${line.stockCode}-${line.invoiceNo}`;
  return line.occurrence === 1 ? first : `${first}-${line.occurrence}`;
}

/** Seconds since 2000 of the latest line in the document × 4096 + how many cancellations it holds: below 2^43. */
export function retailSaleVersion(line: RetailLine, cancellations: readonly RetailLine[]): number {
  const latest = cancellations.reduce((seconds, { invoiceSeconds }) => Math.max(seconds, invoiceSeconds), line.invoiceSeconds);
  return (latest - SECONDS_2000) * CANCELLATIONS_ROOM + cancellations.length;
}

function lineFields(line: RetailLine): Fields {
  const amountMicros = line.quantity * line.unitPriceMicros;
  return {
    kind: kindOf(line),
    cancellation: isCancellation(line),
    invoice_no: line.invoiceNo,
    stock_code: line.stockCode,
    occurrence: line.occurrence,
    description: orNull(line.description),
    quantity: line.quantity,
    invoice_date: line.invoiceDate,
    unit_price: line.unitPriceMicros / MICROS,
    unit_price_micros: line.unitPriceMicros,
    amount: amountMicros / MICROS + 0,
    amount_micros: amountMicros + 0,
    customer_id: orNull(line.customerId),
    country: orNull(line.country),
  };
}

function cancellationFields(line: RetailLine, cancellations: readonly RetailLine[]): Fields {
  const cancelled = cancellations.reduce((sum, { quantity }) => sum - quantity, 0);
  const refundedMicros = cancellations.reduce((sum, { quantity, unitPriceMicros }) => sum - quantity * unitPriceMicros, 0);
  const last = cancellations.at(-1);
  return {
    status: statusOf(line, cancelled),
    cancelled_quantity: cancelled,
    refunded: refundedMicros / MICROS,
    refunded_micros: refundedMicros,
    cancelled_at: last?.invoiceDate ?? null,
    cancel_invoice_no: last?.invoiceNo ?? null,
    cancellations: cancellations.map(cancellationEntry),
  };
}

/** `recorded`: nothing is known to have been taken back. */
function statusOf(line: RetailLine, cancelled: number): string {
  if (cancelled > 0) return cancelled >= line.quantity ? 'cancelled' : 'partly-cancelled';
  return isCancellation(line) ? 'unmatched' : 'recorded';
}

function cancellationEntry(line: RetailLine): Fields {
  return {
    invoice_no: line.invoiceNo,
    occurrence: line.occurrence,
    at: line.invoiceDate,
    quantity: -line.quantity,
    unit_price: line.unitPriceMicros / MICROS,
    unit_price_micros: line.unitPriceMicros,
    description: orNull(line.description),
    country: orNull(line.country),
  };
}

function orNull(text: string): string | null {
  return text === '' ? null : text;
}
