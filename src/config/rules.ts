import { z } from 'zod';

/** The fields of one object as they were found: a rule may meet fields of a wrong type and must cope. */
type Fields = Readonly<Record<string, unknown>>;

/**
 * A rule between the fields of one object, for `schema.check(…)`. It runs also where other fields are wrong, so that
 * every problem shows at once. `field` (null: the object itself) is where the problem is reported, `expected` what it says.
 */
export function rule(field: string | null, expected: string, holds: (value: Fields) => boolean) {
  return z.refine<object>((value) => holds(value as Fields), {
    error: expected,
    path: field === null ? [] : [field],
    when: ({ value }) => typeof value === 'object' && value !== null,
  });
}

/** The two fields are given both or not at all. */
export function together(first: string, second: string) {
  return rule(first, `${first} and ${second} together`, (value) => (value[first] === undefined) === (value[second] === undefined));
}

/** At most one of the fields is given. */
export function atMostOneOf(...fields: readonly [string, ...string[]]) {
  return rule(fields[0], `only one of ${fields.join(', ')}`, (value) => fields.filter((field) => value[field] !== undefined).length <= 1);
}

/** A relation between numbers; not judged while one of them is no number (that is a problem of its own). */
export function numbersHold(field: string, expected: string, others: readonly string[], holds: (...numbers: number[]) => boolean) {
  return rule(field, expected, (value) => {
    const numbers = [field, ...others].map((name) => value[name]);
    return numbers.some((number) => typeof number !== 'number') || holds(...(numbers as number[]));
  });
}

/** True when no value comes twice. */
export function distinct(values: readonly unknown[]): boolean {
  return new Set(values).size === values.length;
}
