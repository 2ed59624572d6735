import { InvoiceMemory } from './invoice-memory.ts';
import { documentIdOf } from './line.ts';
import type { CsvLine, NumberedLine } from './line.ts';
import { OpenSales } from './open-sales.ts';
import type { Answers } from './open-sales.ts';

/** An event of the `retail-sales` pipeline, before it is bytes. */
export type RetailEventFields = NumberedLine & { readonly Answers?: Answers };

export interface FedLine {
  /** Id of the document that the event is a version of: the record's key. */
  readonly key: string;
  readonly event: RetailEventFields;
  /** True where the very same line came before: the event is the same, too. */
  readonly duplicate: boolean;
}

/**
 * Turns the lines of the file, in order, into events that carry all that the pipeline needs to know, so that the
 * pipeline itself has no state: occurrence, and for a cancellation the sale it answers. Bounded memory.
 */
export class RetailFeeder {
  readonly #invoices: InvoiceMemory<FedLine>;
  readonly #sales: OpenSales;
  #line = 0;

  constructor(bounds: { readonly invoices?: number; readonly sales?: number } = {}) {
    this.#invoices = new InvoiceMemory(bounds.invoices);
    this.#sales = new OpenSales(bounds.sales);
  }

  feed(line: CsvLine): FedLine {
    this.#line += 1;
    const number = this.#line;
    const { made, duplicate } = this.#invoices.recall(line, (occurrence) => this.#make({ ...line, Line: number, Occurrence: occurrence }));
    return duplicate ? { ...made, duplicate } : made;
  }

  #make(line: NumberedLine): FedLine {
    const answers = this.#answers(line);
    if (answers === null) return { key: documentIdOf(line), event: line, duplicate: false };
    return { key: documentIdOf(answers.Sale), event: { ...line, Answers: answers }, duplicate: false };
  }

  #answers(line: NumberedLine): Answers | null {
    if (line.InvoiceNo?.startsWith('C') === true) return this.#sales.answer(line);
    this.#sales.add(line);
    return null;
  }
}
