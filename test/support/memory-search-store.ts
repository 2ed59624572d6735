import type { Json } from '../../src/ports/search-index.ts';
import { MemoryIndex } from './memory-search-index.ts';

/** The indices and templates of a search engine in memory. */
export interface MemoryIndices {
  readonly indices: Map<string, MemoryIndex>;
  readonly templates: Map<string, Json>;
}

/** Creates an index from the template of highest priority that matches its name, and the request's own body. */
export function createIndex(store: MemoryIndices, name: string, body: Json): MemoryIndex {
  const template = (templateOf(store, name)?.['template'] ?? {}) as Json;
  const mappings = (body['mappings'] ?? template['mappings'] ?? {}) as Json;
  const aliases = { ...(template['aliases'] as Record<string, Json> | undefined), ...(body['aliases'] as Record<string, Json> | undefined) };
  const index = new MemoryIndex(name, mappings, aliases);
  store.indices.set(name, index);
  return index;
}

/** The template of highest priority whose patterns match a name. */
export function templateOf(store: MemoryIndices, name: string): Json | null {
  const matching = [...store.templates.values()].filter((template) => (template['index_patterns'] as string[]).some((pattern) => matches(pattern, name)));
  return matching.sort((a, b) => Number(b['priority'] ?? 0) - Number(a['priority'] ?? 0))[0] ?? null;
}

/** Whether a name matches a pattern in which `*` stands for anything. */
export function matches(pattern: string, name: string): boolean {
  const source = pattern.split('*').map((part) => part.replace(/[.\\+?^${}()|[\]]/g, '\\$&')).join('.*');
  return new RegExp(`^${source}$`).test(name);
}
