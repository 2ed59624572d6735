import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { differencesBetween } from '../../src/redrive/diff.ts';

describe('differences between two documents', () => {
  it('name each field that was added, removed or changed, by its path', () => {
    expect(differencesBetween({ a: 1, b: { c: [1, 2], d: null }, e: 'x' }, { a: 1, b: { c: [1, 3, 4], d: null }, f: 'x' })).toEqual([
      { path: 'b.c[1]', kind: 'changed', before: 2, after: 3 },
      { path: 'b.c[2]', kind: 'added', after: 4 },
      { path: 'e', kind: 'removed', before: 'x' },
      { path: 'f', kind: 'added', after: 'x' },
    ]);
  });

  it('are none between equal values, and some between unequal ones', () => {
    fc.assert(fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
      const equal = JSON.stringify(a) === JSON.stringify(b);
      if (equal) expect(differencesBetween(a, b)).toEqual([]);
      expect(differencesBetween(a, structuredClone(a))).toEqual([]);
    }));
  });

  it('take a document that was no JSON as a whole', () => {
    expect(differencesBetween('{"a":', { a: 1 })).toEqual([{ path: '(all)', kind: 'changed', before: '{"a":', after: { a: 1 } }]);
  });
});
