import type { Category, Enricher, Fields } from '../../domain/pipeline.ts';
import { withFound } from './with-found.ts';

/**
 * Adds `category: { id, name, path }`, where `path` holds the names from the root to the category itself.
 * An unknown category fails the record; where `categoryIdOf` gives null nothing is added.
 */
export function categoryPath<Event>(categoryIdOf: (event: Event) => string | null): Enricher<Event> {
  return {
    name: 'category-path',
    enrich(event, lookups) {
      const id = categoryIdOf(event);
      if (id === null) return {};
      return withFound(lookups.categories.get(id), `category ${id} is unknown`, categoryFields);
    },
  };
}

function categoryFields(category: Category): Fields {
  return { category: { id: category.id, name: category.path.at(-1), path: category.path } };
}
