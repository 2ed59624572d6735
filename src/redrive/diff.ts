/** One field that differs, by its path (`price.amount`, `tags[2]`); the whole document has the path `(all)`. */
export type Difference =
  | { readonly path: string; readonly kind: 'added'; readonly after: unknown }
  | { readonly path: string; readonly kind: 'removed'; readonly before: unknown }
  | { readonly path: string; readonly kind: 'changed'; readonly before: unknown; readonly after: unknown };

/** What changed from one JSON value to another, field by field, in the order of the fields. */
export function differencesBetween(before: unknown, after: unknown, path = ''): Difference[] {
  if (isObject(before) && isObject(after)) {
    const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
    return names.flatMap((name) => entryDifferences(before, after, name, path === '' ? name : `${path}.${name}`));
  }
  if (Array.isArray(before) && Array.isArray(after)) {
    const length = Math.max(before.length, after.length);
    return Array.from({ length }, (_, at) => entryDifferences(before, after, String(at), `${path}[${at}]`)).flat();
  }
  return Object.is(before, after) || JSON.stringify(before) === JSON.stringify(after) ? [] : [{ path: path === '' ? '(all)' : path, kind: 'changed', before, after }];
}

function entryDifferences(before: object, after: object, name: string, path: string): Difference[] {
  const [had, has] = [Object.hasOwn(before, name), Object.hasOwn(after, name)];
  const [old, now] = [(before as Record<string, unknown>)[name], (after as Record<string, unknown>)[name]];
  if (had && has) return differencesBetween(old, now, path);
  return [has ? { path, kind: 'added', after: now } : { path, kind: 'removed', before: old }];
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array);
}
