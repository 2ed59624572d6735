import { INVOICE_NO, MAX_CANCELLATIONS } from '../../../pipelines/retail-sales/event.ts';
import { serviceKindOf } from '../../../pipelines/retail-sales/kind.ts';
import { exactMicros, utcSeconds } from '../../../pipelines/retail-sales/numbers.ts';
import { documentIdOf } from './line.ts';
import type { NumberedLine } from './line.ts';

/** Sales that a cancellation may answer: the latest so many. */
export const REMEMBERED_SALES = 500_000;

/** What an event of a matched cancellation carries: the sale and the cancellations before this one. */
export interface Answers {
  readonly Sale: NumberedLine;
  readonly Earlier: readonly NumberedLine[];
}

const WHOLE = /^-?[0-9]{1,9}$/;

/** What is remembered of a sale; its line as text, which takes a third of the memory of an object. */
interface OpenSale {
  readonly id: string;
  readonly number: number;
  readonly line: string;
  readonly seconds: number;
  readonly micros: number;
  readonly cancellations: NumberedLine[];
  remaining: number;
}

/**
 * Finds the sale that a cancellation answers: same customer, same stock code, not dated after it, with at least that
 * quantity not yet cancelled, and for codes that are no product the same price; the latest in the file such.
 */
export class OpenSales {
  readonly #sales = new Map<string, readonly OpenSale[]>();
  /** Customer and product of the remembered sales: a ring by number. */
  readonly #ring: string[] = [];
  readonly #bound: number;
  #last = 0;

  constructor(bound = REMEMBERED_SALES) {
    this.#bound = bound;
  }

  /** Remembers a line with a customer, a positive quantity and a positive price; takes the place of an older self. */
  add(line: NumberedLine): void {
    const quantity = quantityOf(line);
    const micros = exactMicros(line.UnitPrice ?? '');
    if (!(quantity > 0 && micros > 0)) return;
    this.#last += 1;
    const key = keyOf(line);
    this.#forget(this.#last - this.#bound);
    this.#ring[this.#last % this.#bound] = key;
    const sale = { id: documentIdOf(line), number: this.#last, line: JSON.stringify(line), seconds: utcSeconds(line.InvoiceDate ?? ''), micros, cancellations: [], remaining: quantity };
    const others = this.#sales.get(key);
    this.#sales.set(key, others === undefined ? [sale] : [...others.filter(({ id }) => id !== sale.id), sale]);
  }

  /** Books the cancellation on the sale it answers; null where there is none. */
  answer(cancellation: NumberedLine): Answers | null {
    const quantity = -quantityOf(cancellation);
    if (!(quantity > 0)) return null;
    const sale = this.#sales.get(keyOf(cancellation))?.findLast((one) => answers(cancellation, quantity, one));
    if (sale === undefined) return null;
    const earlier = [...sale.cancellations];
    sale.cancellations.push(cancellation);
    sale.remaining -= quantity;
    return { Sale: JSON.parse(sale.line) as NumberedLine, Earlier: earlier };
  }

  #forget(number: number): void {
    if (number < 1) return;
    const key = this.#ring[number % this.#bound] ?? '';
    const left = (this.#sales.get(key) ?? []).filter((sale) => sale.number !== number);
    if (left.length === 0) this.#sales.delete(key);
    else this.#sales.set(key, left);
  }
}

/** NaN for a line that has no customer, or that the pipeline will refuse. */
function quantityOf(line: NumberedLine): number {
  const sound = line.CustomerID && WHOLE.test(line.Quantity ?? '') && INVOICE_NO.test(line.InvoiceNo ?? '') &&
    !Number.isNaN(utcSeconds(line.InvoiceDate ?? '')) && !Number.isNaN(exactMicros(line.UnitPrice ?? ''));
  return sound ? Number(line.Quantity) : NaN;
}

function keyOf(line: NumberedLine): string {
  return `${line.CustomerID ?? ''}\u0000${line.StockCode ?? ''}`;
}

function answers(cancellation: NumberedLine, quantity: number, sale: OpenSale): boolean {
  return (
    sale.remaining >= quantity &&
    sale.cancellations.length < MAX_CANCELLATIONS &&
    sale.seconds <= utcSeconds(cancellation.InvoiceDate ?? '') &&
    (serviceKindOf(cancellation.StockCode ?? '') === null || sale.micros === exactMicros(cancellation.UnitPrice ?? ''))
  );
}
