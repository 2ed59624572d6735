import type { AnyPipeline } from '../domain/pipeline.ts';
import type { SearchAdmin } from '../ports/search-index.ts';
import { isIndexOf } from '../setup/template.ts';
import type { AuditedIndex } from './audit.ts';

/** Every open index of the pipelines in any region, the newest period first. Rejects with SluiceError where a region does not answer. */
export async function indicesOf(regions: Iterable<SearchAdmin>, prefix: string, pipelines: readonly AnyPipeline[]): Promise<AuditedIndex[]> {
  const found = new Map<string, AuditedIndex>();
  for (const search of regions) {
    for (const pipeline of pipelines) {
      const family = `${prefix}${pipeline.name}`;
      const { body } = await search.call('GET', `/${family}-*/_alias?expand_wildcards=open`, undefined, { okStatuses: [404] });
      for (const index of Object.keys(body)) if (isIndexOf(family, index)) found.set(index, { pipeline, index });
    }
  }
  return [...found.values()].sort((a, b) => (periodOf(a) < periodOf(b) ? 1 : -1));
}

/** The date in an index's name, such as `2026.11` or `2026.11.02`. */
export function periodOf({ index }: Pick<AuditedIndex, 'index'>): string {
  return index.slice(index.lastIndexOf('-') + 1);
}
