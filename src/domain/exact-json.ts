type Reviver = (key: string, value: unknown, context: { source?: string }) => unknown;

/**
 * Parses JSON so that `JSON.stringify` gives every number back as it was written, however many digits it has: one that
 * JavaScript would write otherwise becomes a raw piece of JSON. Throws SyntaxError where the text is no JSON.
 */
export function parseExactly(text: string): unknown {
  return JSON.parse(text, keepDigits as (key: string, value: unknown) => unknown);
}

const keepDigits: Reviver = (_, value, { source }) =>
  (typeof value === 'number' && source !== undefined && String(value) !== source ? rawJson(source) : value);

/** A number that stands in JSON exactly so. */
export function rawJson(text: string): unknown {
  return (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(text);
}
