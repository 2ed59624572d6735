import { contentsOf } from './line.ts';
import type { CsvLine } from './line.ts';

/** Invoices whose lines are remembered. Lines of one invoice stand together, give or take a few. */
export const REMEMBERED_INVOICES = 2_000;

/** A distinct line of an invoice, with what was made of it. */
export interface Known<Made> {
  readonly contents: string;
  readonly made: Made;
}

/** Tells exact duplicates of a line from further lines of the same product on the same invoice. */
export class InvoiceMemory<Made> {
  readonly #invoices = new Map<string, Map<string, Known<Made>[]>>();
  readonly #bound: number;

  constructor(bound = REMEMBERED_INVOICES) {
    this.#bound = bound;
  }

  /** What was made of this very line before; else `make` is called with its occurrence (from 1), and remembered. */
  recall(line: CsvLine, make: (occurrence: number) => Made): { readonly made: Made; readonly duplicate: boolean } {
    const lines = this.#linesOf(line);
    const contents = contentsOf(line);
    const known = lines.find((other) => other.contents === contents);
    if (known !== undefined) return { made: known.made, duplicate: true };
    const made = make(lines.length + 1);
    lines.push({ contents, made });
    return { made, duplicate: false };
  }

  #linesOf(line: CsvLine): Known<Made>[] {
    const invoice = this.#invoice(line.InvoiceNo ?? '');
    const code = line.StockCode ?? '';
    const lines = invoice.get(code) ?? [];
    if (lines.length === 0) invoice.set(code, lines);
    return lines;
  }

  #invoice(invoiceNo: string): Map<string, Known<Made>[]> {
    const known = this.#invoices.get(invoiceNo);
    if (known !== undefined) return known;
    const invoice = new Map<string, Known<Made>[]>();
    this.#invoices.set(invoiceNo, invoice);
    if (this.#invoices.size > this.#bound) this.#invoices.delete(this.#invoices.keys().next().value ?? '');
    return invoice;
  }
}
