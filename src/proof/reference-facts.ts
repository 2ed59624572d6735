import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What of an event the reference data is asked about. `price` in major units, `day` as yyyy-mm-dd (UTC). */
export interface Offer {
  readonly categoryId: string;
  readonly sellerId: string;
  readonly currency: string;
  readonly price: number;
  readonly day: string;
}

interface Node {
  readonly id: string;
  readonly name: string;
  readonly children?: readonly Node[];
}

/** The reference files, read once more and by other means than the lookups do. */
export class ReferenceFacts {
  readonly #categories = new Map<string, readonly string[]>();
  readonly #sellers = new Map<string, Readonly<Record<string, unknown>>>();
  /** For each currency its rates, latest first. */
  readonly #rates = new Map<string, { readonly date: string; readonly usd: number }[]>();

  static async read(directory: string): Promise<ReferenceFacts> {
    const facts = new ReferenceFacts();
    const read = (name: string): Promise<string> => readFile(join(directory, name), 'utf8');
    for (const root of JSON.parse(await read('categories.json')) as Node[]) facts.#addCategory(root, []);
    for (const line of (await read('sellers.ndjson')).split('\n').filter(Boolean)) facts.#addSeller(JSON.parse(line) as Record<string, unknown>);
    for (const line of (await read('rates.csv')).split('\n').slice(1).filter(Boolean)) facts.#addRate(line);
    for (const rates of facts.#rates.values()) rates.sort((a, b) => (a.date < b.date ? 1 : -1));
    return facts;
  }

  /** The fields that the enrichers must add; a fact that is unknown shows as undefined or NaN. */
  of({ categoryId, sellerId, currency, price, day }: Offer): Record<string, unknown> {
    const path = this.#categories.get(categoryId) ?? [];
    const usd = this.#rates.get(currency)?.find(({ date }) => date <= day)?.usd ?? NaN;
    return {
      category: { id: categoryId, name: path.at(-1), path },
      seller: this.#sellers.get(sellerId),
      // Rounded as documented for the enricher; the order of the factors is part of that.
      price_usd: Math.round(price * usd * 100) / 100,
    };
  }

  #addCategory(node: Node, above: readonly string[]): void {
    const path = [...above, node.name];
    this.#categories.set(node.id, path);
    for (const child of node.children ?? []) this.#addCategory(child, path);
  }

  #addSeller({ id, name, country, since, feedback }: Readonly<Record<string, unknown>>): void {
    this.#sellers.set(String(id), { id, name, country, since, feedback });
  }

  #addRate(line: string): void {
    const [date = '', currency = '', usd = ''] = line.trim().split(',');
    const rates = this.#rates.get(currency) ?? [];
    this.#rates.set(currency, [...rates, { date, usd: Number(usd) }]);
  }
}
