import type { Fields } from '../../domain/pipeline.ts';

/**
 * Turns what a lookup found into fields: at once where the value is there, later where it has to be fetched.
 * Throws (or rejects) with `missing` where the lookup holds nothing.
 */
export function withFound<Value>(
  found: Value | undefined | Promise<Value | undefined>,
  missing: string,
  toFields: (value: Value) => Fields,
): Fields | Promise<Fields> {
  if (found instanceof Promise) return found.then((value) => present(value, missing, toFields));
  return present(found, missing, toFields);
}

function present<Value>(value: Value | undefined, missing: string, toFields: (value: Value) => Fields): Fields {
  if (value === undefined) throw new Error(missing);
  return toFields(value);
}
