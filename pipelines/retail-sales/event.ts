import type { Decoded } from '../../src/domain/pipeline.ts';
import { FieldReader, parseObject } from '../field-reader.ts';
import { exactMicros, utcSeconds } from './numbers.ts';

/** One line of an invoice, checked. */
export interface RetailLine {
  readonly invoiceNo: string;
  readonly stockCode: string;
  readonly description: string;
  readonly quantity: number;
  /** As written: `yyyy-mm-ddThh:mm:ssZ`. */
  readonly invoiceDate: string;
  /** Seconds since 1970. */
  readonly invoiceSeconds: number;
  /** As written, in pounds. */
  readonly unitPrice: string;
  /** Millionths of a pound, exact. */
  readonly unitPriceMicros: number;
  /** Empty where unknown. */
  readonly customerId: string;
  readonly country: string;
  /** 1 for the first distinct line of its product on its invoice, 2 for the second, … */
  readonly occurrence: number;
}

/** A line and, for a cancellation whose sale is known, that sale with the cancellations that came before this one. */
export interface RetailSalesEvent {
  readonly line: RetailLine;
  readonly answers: { readonly sale: RetailLine; readonly earlier: readonly RetailLine[] } | null;
}

/** Digits, with one capital before them at most: C is a cancellation, A an adjustment of the books. */
export const INVOICE_NO = /^[A-Z]?[0-9]{1,20}$/;
const MAX_QUANTITY = 999_999_999;
/** Most cancellations of one line; the version has room for 4,095. */
export const MAX_CANCELLATIONS = 1_000;

/** Parses and validates one line; the columns are strings, as in the file. */
export function decodeRetailSale(payload: Buffer): Decoded<RetailSalesEvent> {
  const object = parseObject(payload);
  if (typeof object === 'string') return { ok: false, problem: object };
  const problems: string[] = [];
  const line = readLine(object, '', problems);
  const given = object['Answers'];
  const answers = given === undefined || given === null ? null : readAnswers(given, problems);
  return problems.length === 0 ? { ok: true, event: { line, answers } } : { ok: false, problem: problems.join('; ') };
}

function readAnswers(given: unknown, problems: string[]): RetailSalesEvent['answers'] {
  const { Sale: sale, Earlier: earlier } = asObject(given);
  if (!Array.isArray(earlier) || earlier.length >= MAX_CANCELLATIONS) problems.push(`Answers.Earlier: expected a list of fewer than ${MAX_CANCELLATIONS} lines`);
  const lines: readonly unknown[] = Array.isArray(earlier) ? earlier.slice(0, MAX_CANCELLATIONS) : [];
  return {
    sale: readLine(asObject(sale), 'Answers.Sale.', problems),
    earlier: lines.map((line, at) => readLine(asObject(line), `Answers.Earlier[${at}].`, problems)),
  };
}

function asObject(value: unknown): Record<string, unknown> {
  return value !== null && typeof value === 'object' ? value as Record<string, unknown> : {};
}

function readLine(object: Record<string, unknown>, path: string, problems: string[]): RetailLine {
  const reader = new FieldReader(object);
  const unitPrice = reader.text('UnitPrice', 40);
  const invoiceDate = reader.text('InvoiceDate', 20);
  const line = {
    invoiceNo: reader.match('InvoiceNo', INVOICE_NO, 'digits, with a capital before them at most'),
    stockCode: reader.text('StockCode', 64),
    description: reader.optionalText('Description', 1_000),
    quantity: reader.wholeNumber('Quantity', MAX_QUANTITY),
    invoiceDate,
    invoiceSeconds: utcSeconds(invoiceDate),
    unitPrice,
    unitPriceMicros: exactMicros(unitPrice),
    customerId: reader.optionalText('CustomerID', 64),
    country: reader.optionalText('Country', 100),
    occurrence: object['Occurrence'] === undefined ? 1 : reader.integer('Occurrence', 1, 1_000_000),
  };
  if (Number.isNaN(line.invoiceSeconds)) reader.problems.push('InvoiceDate: expected yyyy-mm-ddThh:mm:ssZ in the years 2000 to 2067');
  if (Number.isNaN(line.unitPriceMicros)) reader.problems.push('UnitPrice: expected a decimal number with at most six decimals');
  else if (!Number.isSafeInteger(line.unitPriceMicros * line.quantity)) reader.problems.push('UnitPrice: times Quantity is too large to be exact');
  for (const problem of reader.problems) problems.push(path + problem);
  return line;
}
