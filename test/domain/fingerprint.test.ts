import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { contentOf, fingerprinted } from '../../src/domain/content.ts';
import { parseExactly } from '../../src/domain/exact-json.ts';
import { documentBytes, FINGERPRINTS, fingerprintOf, type Identity } from '../../src/domain/fingerprint.ts';
import { originSuffix } from '../../src/domain/origin.ts';

const ADDED = new Set(['deleted', 'fingerprint', 'origin', '__proto__']);
const body = fc.dictionary(fc.string().filter((key) => !ADDED.has(key)), fc.jsonValue());
const identity = fc.record({ id: fc.string({ minLength: 1 }), version: fc.maxSafeNat(), deleted: fc.boolean() });
const ONE: Identity = { id: 'a', version: 1, deleted: false };

describe('a document with its fingerprint', () => {
  it('is the body, the fingerprint and deleted, on one line, deleted last', () => {
    fc.assert(fc.property(body, identity, (given, about) => {
      const text = documentBytes(JSON.stringify(given), about).toString();
      expect(JSON.parse(text)).toEqual({ ...JSON.parse(JSON.stringify(given)) as object, fingerprint: fingerprintOf(JSON.stringify(given), about), deleted: about.deleted });
      expect(text).not.toMatch(/[\n\r]/);
      expect(text.endsWith(`"deleted":${about.deleted}}`)).toBe(true);
    }));
  });

  it('can be taken apart as it is stored, and its fingerprint found again', () => {
    fc.assert(fc.property(body, identity, (given, about) => {
      const bytes = documentBytes(JSON.stringify(given), about);
      const stored = Buffer.concat([bytes.subarray(0, -1), originSuffix({ role: 'primary', code: 'c', host_group: 'g' })]).toString();
      const content = contentOf(parseExactly(stored) as Record<string, unknown>);
      expect(content).toMatchObject({ json: JSON.stringify(given), deleted: about.deleted, origin: { role: 'primary' } });
      expect(fingerprintOf(content.json, about)).toBe(content.fingerprint);
    }));
  });

  it('keeps digits that a double cannot hold', () => {
    const json = '{"exact":12345678901234567890,"price":1.50,"tiny":1e-7}';
    const stored = parseExactly(documentBytes(json, ONE).toString()) as Record<string, unknown>;
    expect(contentOf(stored).json).toBe(json);
  });

  it.each<[string, string, Identity]>([
    ['another id', '{"a":1}', { ...ONE, id: 'b' }],
    ['another version', '{"a":1}', { ...ONE, version: 2 }],
    ['a tombstone', '{"a":1}', { ...ONE, deleted: true }],
    ['another value', '{"a":2}', ONE],
  ])('has another fingerprint: %s', (_, json, about) => {
    expect(fingerprintOf(json, about)).not.toBe(fingerprintOf('{"a":1}', ONE));
  });
});

describe('fingerprints', () => {
  it('spread evenly, whatever is alike in the documents', () => {
    const eighths = new Array<number>(8).fill(0);
    for (let at = 0; at < 8_000; at += 1) eighths[Math.floor(fingerprintOf('{"a":1}', { id: `listing-${at}`, version: 5, deleted: false }) / (FINGERPRINTS / 8))]! += 1;
    for (const count of eighths) expect(Math.abs(count - 1_000)).toBeLessThan(150);
  });

  it('do not cancel out in a sum when many documents change alike', () => {
    const change = (at: number) => fingerprintOf('{"a":2}', { ...ONE, id: `id-${at}` }) - fingerprintOf('{"a":1}', { ...ONE, id: `id-${at}` });
    const seen = new Set(Array.from({ length: 2_000 }, (_, at) => Math.abs(change(at))));
    expect(seen.size).toBe(2_000);
  });
});

describe('a patched document', () => {
  it('gets the fingerprint of what it is now', () => {
    const before = documentBytes('{"price":"cheap"}', ONE);
    const patched = Buffer.from(JSON.stringify({ ...JSON.parse(before.toString()) as object, price: 12.5 }));
    expect(fingerprinted(patched, 'a', 1)).toEqual(documentBytes('{"price":12.5}', ONE));
  });

  it.each(['no json', '[1]', 'null', ''])('that is no object is left as it is: %s', (text) => {
    expect(fingerprinted(Buffer.from(text), 'a', 1).toString()).toBe(text);
  });
});
