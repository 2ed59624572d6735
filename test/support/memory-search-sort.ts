import type { StoredDocument } from './memory-search-index.ts';
import { valuesAt } from './memory-search-query.ts';

/** A hit with the values that it is sorted by. */
export interface Sorted<Document> {
  readonly document: Document;
  readonly sort: readonly unknown[];
}

interface Order { readonly field: string; readonly descending: boolean }

/** Hits in the order of a `sort`: numbers and strings as they are, what is missing last. Without one, as they were stored. */
export function inOrder<Document extends StoredDocument>(documents: readonly Document[], sort: unknown): Sorted<Document>[] {
  const orders = ordersOf(sort);
  const sorted = documents.map((document) => ({ document, sort: orders.map(({ field }) => valuesAt(document, field)[0] ?? null) }));
  return sorted.sort((a, b) => compare(a.sort, b.sort, orders));
}

/** The hits behind a `search_after`; all of them without one. */
export function pageOf<Document>(sorted: readonly Sorted<Document>[], after: unknown): readonly Sorted<Document>[] {
  if (!Array.isArray(after)) return sorted;
  const at = sorted.findIndex((hit) => JSON.stringify(hit.sort) === JSON.stringify(after));
  if (at < 0) throw new Error('the search engine in memory finds no hit to search after');
  return sorted.slice(at + 1);
}

function ordersOf(sort: unknown): Order[] {
  if (!Array.isArray(sort)) return [];
  return (sort as Record<string, string>[]).flatMap((entry) => Object.entries(entry).map(([field, direction]) => ({ field, descending: direction === 'desc' })));
}

function compare(a: readonly unknown[], b: readonly unknown[], orders: readonly Order[]): number {
  for (const [at, { descending }] of orders.entries()) {
    const [left, right] = [a[at], b[at]];
    if (left === right) continue;
    if (left === null) return 1;
    if (right === null) return -1;
    const smaller = (left as string | number) < (right as string | number);
    return smaller === descending ? 1 : -1;
  }
  return 0;
}
