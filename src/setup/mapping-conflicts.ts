import type { Json } from '../ports/search-index.ts';

/** A field that an index has otherwise than a mapping wants it. */
export interface MappingConflict {
  /** Full path of the field. */
  readonly field: string;
  /** What differs: `type`, or a parameter that cannot change. */
  readonly parameter: string;
  readonly from: unknown;
  readonly to: unknown;
}

/** Parameters that Elasticsearch fixes when a field is made, with what they are when left out. */
const FIXED: Readonly<Record<string, unknown>> = { index: true, doc_values: true, store: false, enabled: true, analyzer: 'default', normalizer: null, format: null };

/** Where `wanted` could not be put onto `existing`, field by field; empty when it only adds. */
export function conflictsBetween(existing: Json, wanted: Json, path = ''): MappingConflict[] {
  return [...fieldsOf(wanted, 'properties'), ...fieldsOf(wanted, 'fields')].flatMap(([name, field, group]) => {
    const before = (existing[group] as Record<string, Json> | undefined)?.[name];
    if (before === undefined) return [];
    const at = path === '' ? name : `${path}.${name}`;
    const own = parametersThatDiffer(before, field).map((parameter) => ({ field: at, parameter, from: valueOf(before, parameter), to: valueOf(field, parameter) }));
    return own.length > 0 ? own : conflictsBetween(before, field, at);
  });
}

function fieldsOf(mapping: Json, group: 'properties' | 'fields'): [string, Json, string][] {
  return Object.entries((mapping[group] ?? {}) as Record<string, Json>).map(([name, field]) => [name, field, group]);
}

function parametersThatDiffer(before: Json, after: Json): string[] {
  if (typeOf(before) !== typeOf(after)) return ['type'];
  return Object.keys(FIXED).filter((parameter) => valueOf(before, parameter) !== valueOf(after, parameter));
}

function valueOf(field: Json, parameter: string): unknown {
  return parameter === 'type' ? typeOf(field) : (field[parameter] ?? FIXED[parameter]);
}

function typeOf(field: Json): unknown {
  return field['type'] ?? 'object';
}
