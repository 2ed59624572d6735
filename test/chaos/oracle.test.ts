import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Documents, Sketch } from './model.ts';
import { Findings, judgeDocuments, judgeFailures, judgeRegions, judgeVisible, merged, uncovered, ungiven } from './oracle.ts';

const sketches: fc.Arbitrary<Sketch> = fc.record({ version: fc.nat({ max: 1_000 }), deleted: fc.boolean(), digest: fc.string({ minLength: 4, maxLength: 4 }) });
const someDocuments = fc.dictionary(fc.stringMatching(/^[a-f0-9]{1,6}$/), sketches, { minKeys: 1, maxKeys: 30 }).map((entries): Documents => new Map(Object.entries(entries)));

function judged(expected: Documents, found: Documents): Findings {
  const findings = new Findings();
  judgeDocuments(findings, 'west', expected, found);
  return findings;
}

/** Every planted change of one document, with what it must be called. */
const PLANTS: readonly [string, (sketch: Sketch) => Sketch | null, (sketch: Sketch) => string][] = [
  ['is missing', () => null, () => 'lost'],
  ['lives although removed', (sketch) => ({ ...sketch, deleted: !sketch.deleted, version: sketch.version - 1 }), (sketch) => (sketch.deleted ? 'resurrected' : 'wrongVersion')],
  ['is older', (sketch) => ({ ...sketch, version: sketch.version - 1 }), () => 'wrongVersion'],
  ['is newer', (sketch) => ({ ...sketch, version: sketch.version + 1 }), () => 'wrongVersion'],
  ['has other fields', (sketch) => ({ ...sketch, digest: 'other' }), () => 'wrongContent'],
];

describe('documents', () => {
  test('nothing is found where all is right', () => {
    fc.assert(fc.property(someDocuments, (documents) => {
      expect(judged(documents, new Map(documents)).none).toBe(true);
    }));
  });

  test.each(PLANTS)('a document that %s is found, and only it', (_, plant, name) => {
    fc.assert(fc.property(someDocuments, fc.nat(), (documents, pick) => {
      const [key, sketch] = [...documents][pick % documents.size] as [string, Sketch];
      const found = new Map(documents);
      const planted = plant(sketch);
      if (planted === null) found.delete(key);
      else found.set(key, planted);
      const { counts } = judged(documents, found);
      expect(Object.entries(counts).filter(([, count]) => count > 0)).toEqual([[name(sketch), 1]]);
    }));
  });

  test('a document that nobody asked for is found', () => {
    expect(judged(new Map(), new Map([['a/1', { version: 1, deleted: false, digest: 'x' }]])).counts.unexpected).toBe(1);
  });

  test('a removed document that search shows is a resurrection', () => {
    const findings = new Findings();
    const expected: Documents = new Map([['a/1', { version: 1, deleted: true, digest: 'x' }], ['a/2', { version: 1, deleted: false, digest: 'y' }]]);
    judgeVisible(findings, 'west', expected, { live: 1, deleted: 0 });
    expect(findings.none).toBe(true);
    judgeVisible(findings, 'west', expected, { live: 1, deleted: 1 });
    expect(findings.counts.resurrected).toBe(1);
  });

  test('each difference between two regions counts once', () => {
    fc.assert(fc.property(someDocuments, someDocuments, (left, right) => {
      const findings = new Findings();
      judgeRegions(findings, 'west', 'east', left, right);
      const keys = [...new Set([...left.keys(), ...right.keys()])];
      expect(findings.counts.regionDifferences).toBe(keys.filter((key) => left.get(key)?.version !== right.get(key)?.version || left.get(key)?.digest !== right.get(key)?.digest).length);
    }));
  });
});

describe('failures', () => {
  test('a missing failure document is a loss, one too many is unexpected', () => {
    const findings = new Findings();
    judgeFailures(findings, 'west', new Set(['a', 'b']), new Set(['b', 'c']));
    expect(findings.counts).toMatchObject({ lost: 1, unexpected: 1 });
  });
});

describe('committed offsets', () => {
  const stretches = fc.array(fc.record({ first: fc.nat({ max: 60 }), length: fc.nat({ max: 20 }) }).map(({ first, length }) => ({ first, last: first + length })), { maxLength: 12 });

  test('exactly the offsets below the commit that no batch settled are found', () => {
    fc.assert(fc.property(stretches, fc.nat({ max: 20 }), fc.nat({ max: 90 }), (settled, from, committed) => {
      const offsets = Array.from({ length: Math.max(0, committed - from) }, (_, at) => from + at);
      const open = offsets.filter((offset) => !settled.some(({ first, last }) => first <= offset && offset <= last));
      const found = uncovered(from, committed, settled).flatMap(({ first, last }) => Array.from({ length: last - first + 1 }, (_, at) => first + at));
      expect(found).toEqual(open);
    }));
  });

  test('stretches put together cover the same offsets, without touching one another', () => {
    fc.assert(fc.property(stretches, (settled) => {
      const result = merged(settled);
      const offsets = (list: typeof settled): number[] => [...new Set(list.flatMap(({ first, last }) => Array.from({ length: last - first + 1 }, (_, at) => first + at)))].sort((a, b) => a - b);
      expect(offsets(result)).toEqual(offsets(settled));
      for (const [at, { first }] of result.entries()) if (at > 0) expect(first).toBeGreaterThan((result[at - 1]?.last ?? 0) + 1);
    }));
  });

  test('a source record below the position that a region was not given is found', () => {
    const records = [{ offset: 0, mark: 'a' }, { offset: 1, mark: 'b' }, { offset: 2, mark: 'c' }];
    expect(ungiven(records, 0, 2, new Set(['a']))).toEqual([{ offset: 1, mark: 'b' }]);
    expect(ungiven(records, 2, 2, new Set())).toEqual([]);
  });
});
