import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { input, largest, line, minus, over, plus, readable, roundUp, same, smallest, times, type Expression } from '../../src/capacity/expression.ts';

/** What a reader gets who does what is printed. */
function evaluated(text: string): number {
  const code = text.replaceAll('×', '*').replaceAll('÷', '/').replaceAll('−', '-').replaceAll('round up (', 'Math.ceil(').replaceAll('largest of (', 'Math.max(').replaceAll('smallest of (', 'Math.min(');
  return Number(runInNewContext(code));
}

const { expression } = fc.letrec<{ expression: Expression; leaf: Expression }>((tie) => ({
  leaf: fc.integer({ min: 1, max: 999 }).map((value) => same(value)),
  expression: fc.oneof(
    { maxDepth: 4 },
    tie('leaf'),
    ...[plus, minus, times, over, largest, smallest].map((calculate) => fc.tuple(tie('expression'), tie('expression')).map(([a, b]) => calculate(a, b))),
    tie('expression').map((inner) => roundUp(inner)),
  ),
}));

describe('a calculation', () => {
  it('prints what it computes: brackets stand where they must', () => {
    fc.assert(fc.property(expression, ({ arithmetic, value }) => {
      // Adding 0 makes −0 a 0.
      expect(evaluated(arithmetic) + 0).toBe(value + 0);
    }));
  });

  it('names its figures in one text and shows them in the other', () => {
    const rate = line('rate', 'documents/s', over(input('documents', 'documents', 20_000_000, 'given'), input('seconds', 's', 86_400, 'fixed')));
    expect(rate).toMatchObject({ name: 'rate', unit: 'documents/s', formula: 'documents ÷ seconds', arithmetic: '20,000,000 ÷ 86,400' });
    expect(times(rate, plus(rate, 1))).toMatchObject({ formula: 'rate × (rate + 1)', arithmetic: '231.5 × (231.5 + 1)' });
  });

  it('computes on with the whole figure, not with what is shown of it', () => {
    expect(times(line('third', '', over(1, 3)), 3).value).toBe(1);
  });
});

describe('a readable figure', () => {
  it.each([[0.0123456, '0.01235'], [231.481, '231.5'], [1_388.9, '1,389'], [20_000_000, '20,000,000'], [0, '0']])('%d → %s', (value, text) => {
    expect(readable(value)).toBe(text);
  });
});
