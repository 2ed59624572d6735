import type { Json } from '../../src/ports/search-index.ts';
import type { FoundDocument } from './memory-search-index.ts';
import { answersQuery } from './memory-search-query.ts';
import type { MemoryIndices } from './memory-search-store.ts';

/** Points in time: what searches saw when they were opened, whatever was written since. */
const PITS = new WeakMap<MemoryIndices, Map<string, readonly FoundDocument[]>>();

/** Keeps these documents as they are now; returns the id of the point in time. */
export function openPit(search: MemoryIndices, documents: readonly FoundDocument[]): string {
  const pits = PITS.get(search) ?? new Map<string, readonly FoundDocument[]>();
  PITS.set(search, pits);
  const id = `pit-${pits.size + 1}`;
  pits.set(id, documents.map((document) => ({ ...document })));
  return id;
}

/** Hits in the order in which they were kept (`_shard_doc`), after a position. */
export function hitsOfPit(search: MemoryIndices, { pit, query, size, search_after: after }: Json): Json[] {
  const documents = PITS.get(search)?.get((pit as { id: string }).id);
  if (documents === undefined) throw new Error('the search engine in memory knows no such point in time');
  return documents
    .map((document, at) => ({ document, at }))
    .filter(({ document, at }) => at > ((after as number[] | undefined)?.[0] ?? -1) && answersQuery(query as Json, document))
    .slice(0, Number(size))
    .map(({ document, at }) => ({ _index: document.index, _id: document.id, _version: document.version, _source: document.source, sort: [at] }));
}
