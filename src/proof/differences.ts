/** One field of one document that is not as expected; absent values are undefined. */
export interface Difference {
  readonly id: string;
  /** `_version`, or the path of the field. */
  readonly field: string;
  readonly expected: unknown;
  readonly actual: unknown;
}

/** Every field in which two JSON values differ, with its path below `path`. */
export function differencesOf(id: string, path: string, expected: unknown, actual: unknown): Difference[] {
  if (Object.is(expected, actual)) return [];
  if (!isComposite(expected) || !isComposite(actual) || Array.isArray(expected) !== Array.isArray(actual)) {
    return [{ id, field: path, expected, actual }];
  }
  const fields = new Set([...Object.keys(expected), ...Object.keys(actual)]);
  return [...fields].flatMap((field) =>
    differencesOf(id, path === '' ? field : `${path}.${field}`, expected[field], actual[field]));
}

function isComposite(value: unknown): value is Readonly<Record<string, unknown>> {
  return value !== null && typeof value === 'object';
}
