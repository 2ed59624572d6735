import { describe, expect, it } from 'vitest';
import { proofOf } from '../../src/demo/prove.ts';
import { failedVerdict, verdictOf, verdictText } from '../../src/demo/verdict.ts';
import type { Comparison } from '../../src/proof/compare.ts';

const SAME: Comparison = { ok: true, expected: 10, found: 10, differences: 0, missing: [], unexpected: [], different: [] };
const EXPECTED = { documents: [{ pipeline: 'p', total: 10, periods: [], documents: async function* none() {} }], failures: 2 };

function found(west: Comparison, pair: Comparison = SAME) {
  return [
    { region: 'west', where: 'west p', comparison: west },
    { region: 'east', where: 'east p', comparison: SAME },
    { region: null, where: 'west against east, p', comparison: pair },
  ];
}

describe('the verdict', () => {
  it('holds when every document and the number of failures are as expected', () => {
    const proof = proofOf(found(SAME), new Map([['west', 2], ['east', 2]]), EXPECTED);
    expect(verdictOf(proof, 5, 1.26)).toEqual({ ok: true, expected: 10, west: 10, east: 10, differences: 0, failures: 2, superseded: 5, seconds: 1.3 });
  });

  it('falls with one missing document, and names it', () => {
    const proof = proofOf(found({ ...SAME, ok: false, found: 9, differences: 1, missing: ['id-7'] }), new Map([['west', 2], ['east', 2]]), EXPECTED);
    const verdict = verdictOf(proof, 0, 1);
    expect(verdict).toMatchObject({ ok: false, west: 9, differences: 1 });
    expect(verdictText(verdict, proof.examples)).toContain('id-7 is missing');
  });

  it('falls when the regions differ, or when failures are missing or too many', () => {
    expect(verdictOf(proofOf(found(SAME, { ...SAME, ok: false, differences: 1 }), new Map([['west', 2], ['east', 2]]), EXPECTED), 0, 1).ok).toBe(false);
    const proof = proofOf(found(SAME), new Map([['west', 2], ['east', 3]]), EXPECTED);
    expect(verdictOf(proof, 0, 1).ok).toBe(false);
    expect(proof.examples).toContain('east holds 3 failure documents, expected 2');
  });

  it('never holds when the run failed', () => {
    const verdict = verdictOf(proofOf(found(SAME), new Map(), EXPECTED), 0, 1);
    expect(failedVerdict(verdict, 'a server died')).toMatchObject({ ok: false, problem: 'a server died', expected: 10 });
    expect(failedVerdict(null, 'x')).toMatchObject({ ok: false, west: 0 });
  });
});
