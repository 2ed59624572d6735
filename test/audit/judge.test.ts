import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { documentBytes, fingerprintOf } from '../../src/domain/fingerprint.ts';
import { misplaced, mendingOf, type Copies, type Finding } from '../../src/audit/finding.ts';
import { judge, type Copy, type Verdict } from '../../src/audit/judge.ts';
import { MemoryIndex } from '../support/memory-search-index.ts';
import { copyOf } from './memory-look.ts';

const ID = 'a';
const ORIGIN = { role: 'primary', code: 'c', host_group: 'g' };
const never = () => false;

interface Made { readonly value?: number; readonly deleted?: boolean; readonly origin?: object | null; readonly print?: boolean }

function made(version: number, { value = 1, deleted = false, origin = ORIGIN, print = true }: Made = {}): Copy {
  const sound = JSON.parse(documentBytes(JSON.stringify({ value }), { id: ID, version, deleted }).toString()) as Record<string, unknown>;
  if (!print) delete sound['fingerprint'];
  return copyOf(version, { ...sound, ...(origin === null ? {} : { origin: deleted ? { ...origin, tombstone_at: 1_000 } : origin }) });
}

/** Changed in place: the fingerprint stays what it was. */
function edited(version: number, value: number, fingerprintOfVersion: number): Copy {
  return copyOf(version, { value, fingerprint: fingerprintOf('{"value":1}', { id: ID, version: fingerprintOfVersion, deleted: false }), deleted: false, origin: ORIGIN });
}

const between = (west: Copy | null, east: Copy | null): Copies => new Map([['west', west], ['east', east]]);
const judged = (west: Copy | null, east: Copy | null, purged: (copy: Copy) => boolean = never) => judge(ID, between(west, east), purged);

describe('the verdict on two copies', () => {
  it.each<[string, Copy | null, Copy | null]>([
    ['both the same', made(5), made(5)],
    ['neither is there', null, null],
    ['one was written before there were fingerprints', made(5, { print: false }), made(5)],
    ['the same tombstone', made(5, { deleted: true }), made(5, { deleted: true })],
    ['written by other lanes', made(5), made(5, { origin: { ...ORIGIN, role: 'secondary' } })],
  ])('nothing is wrong: %s', (_, west, east) => {
    expect(judged(west, east)).toBeNull();
  });

  it.each<[string, Copy | null, Copy | null, Partial<Verdict>, number | null]>([
    ['missing', null, made(5), { kind: 'missing', regions: ['west'] }, 5],
    ['missing tombstone', made(5, { deleted: true }), null, { kind: 'missing', regions: ['east'] }, 5],
    ['older', made(4), made(5), { kind: 'older', regions: ['west'] }, 5],
    ['older tombstone', made(4, { deleted: true }), made(5), { kind: 'older', regions: ['west'] }, 5],
    ['resurrected', made(4), made(5, { deleted: true }), { kind: 'resurrected', regions: ['west'] }, 5],
    ['deleted and not at one version', made(5), made(5, { deleted: true }), { kind: 'content', regions: ['west'] }, 5],
    ['orphan', made(1, { origin: null }), null, { kind: 'orphan', regions: ['west'], target: null }, null],
    ['orphan of an unknown writer', null, made(1, { origin: { role: 'somebody' } }), { kind: 'orphan', regions: ['east'], target: null }, null],
    ['edited in place, version raised', edited(6, 2, 5), made(5), { kind: 'content', regions: ['west', 'east'] }, 6],
    ['edited in place, same version', edited(5, 2, 5), made(5), { kind: 'content', regions: ['west'] }, 5],
  ])('%s', (_, west, east, expected, version) => {
    const verdict = judged(west, east);
    expect(verdict).toMatchObject(expected);
    expect(verdict?.target?.version ?? null).toBe(version);
  });

  it('a tombstone that may be purged need not be everywhere', () => {
    expect(judged(made(5, { deleted: true }), null, () => true)).toBeNull();
    expect(judged(made(5, { deleted: true }), made(4), () => true)).toMatchObject({ kind: 'resurrected' });
  });

  it('the sound copy wins over the edited one', () => {
    expect(judged(edited(6, 2, 5), made(5))?.target?.content.json).toBe('{"value":1}');
  });

  it('is the same whichever region is asked first', () => {
    const copy = fc.option(fc.record({ version: fc.integer({ min: 1, max: 3 }), value: fc.integer({ min: 1, max: 3 }), deleted: fc.boolean(), print: fc.boolean(), written: fc.boolean() }));
    const of = (given: { version: number; value: number; deleted: boolean; print: boolean; written: boolean } | null) => (given === null ? null : made(given.version, { ...given, origin: given.written ? ORIGIN : null }));
    fc.assert(fc.property(copy, copy, (one, other) => {
      const [forth, back] = [judged(of(one), of(other)), judge(ID, new Map([['east', of(other)], ['west', of(one)]]), never)];
      expect(back === null ? null : { kind: back.kind, json: back.target?.content.json, version: back.target?.version, regions: [...back.regions].sort() })
        .toEqual(forth === null ? null : { kind: forth.kind, json: forth.target?.content.json, version: forth.target?.version, regions: [...forth.regions].sort() });
    }), { numRuns: 500 });
  });
});

/** The regions after the writes, by the rules of external versions; an orphan of version 1 included. */
function mended(copies: Copies, verdict: Verdict): Copies {
  const finding: Finding = { pipeline: 'p', index: 'i', id: ID, why: 'lost', reason: '', copies, home: null, ...verdict };
  return new Map([...copies].map(([region, copy]) => {
    const index = new MemoryIndex('i', {}, {});
    if (copy !== null) index.documents.set(ID, { id: ID, version: copy.version, seqNo: 0, source: JSON.parse(copy.content.json) as Record<string, unknown> });
    const write = mendingOf(finding, 0).then.get(region);
    if (write === undefined) return [region, copy];
    const item = index.apply({ action: write.operation, index: 'i', id: ID, hasId: true, version: write.version, versionType: write.versionType ?? 'external', source: write.value });
    expect(item.status, 'the write must be taken').toBeLessThan(300);
    const after = index.documents.get(ID);
    return [region, after === undefined || after.source === null ? null : copyOf(after.version, { ...after.source, origin: { ...ORIGIN, role: 'audit' } })];
  }));
}

describe('mending', () => {
  const copy = fc.option(fc.record({ version: fc.integer({ min: 1, max: 4 }), value: fc.integer({ min: 1, max: 3 }), deleted: fc.boolean(), how: fc.constantFrom('sound', 'unprinted', 'edited', 'orphan') }), { freq: 4 });
  const of = (given: { version: number; value: number; deleted: boolean; how: string } | null): Copy | null => {
    if (given === null) return null;
    if (given.how === 'edited') return edited(given.version, given.value, given.version + 1);
    return made(given.version, { value: given.value, deleted: given.deleted, print: given.how !== 'unprinted', origin: given.how === 'orphan' ? null : ORIGIN });
  };

  it('leaves all regions with one document, and nothing to judge, whatever they held', () => {
    fc.assert(fc.property(copy, copy, copy, (west, east, north) => {
      const copies: Copies = new Map([['west', of(west)], ['east', of(east)], ['north', of(north)]]);
      const verdict = judge(ID, copies, never);
      if (verdict !== null) expect(judge(ID, mended(copies, verdict), never)).toBeNull();
    }), { numRuns: 1_000 });
  });

  it('never takes a version back', () => {
    fc.assert(fc.property(copy, copy, (west, east) => {
      const copies = between(of(west), of(east));
      const verdict = judge(ID, copies, never);
      if (verdict?.target == null) return;
      for (const [region, before] of copies) expect(mended(copies, verdict).get(region)?.version).toBeGreaterThanOrEqual(before?.version ?? 0);
    }), { numRuns: 1_000 });
  });

  it('keeps the time of a tombstone, so that it is purged when it was to be', () => {
    const copies = between(made(4), made(5, { deleted: true }));
    const finding: Finding = { pipeline: 'p', index: 'i', id: ID, why: 'lost', reason: '', copies, home: null, ...(judge(ID, copies, never) as Verdict) };
    expect(mendingOf(finding, 99).then.get('west')).toMatchObject({ version: 5, versionType: 'external', tombstoneAt: 1_000 });
  });
});

describe('a copy in the wrong index', () => {
  const finding = (here: Copies, home: Copies): Finding => {
    const verdict = misplaced(here, { index: 'right', copies: home }) as Verdict;
    return { pipeline: 'p', index: 'wrong', id: ID, why: 'lost', reason: '', copies: here, home: { index: 'right', copies: home }, ...verdict };
  };

  it('is deleted, and nothing else where its home holds it', () => {
    const { first, then } = mendingOf(finding(between(made(5), null), between(made(5), made(5))), 0);
    expect(first.size).toBe(0);
    expect([...then]).toMatchObject([['west', { operation: 'delete', index: 'wrong', version: 5, versionType: 'external_gte' }]]);
  });

  it('goes home first where it is newer, or missing there', () => {
    const { first } = mendingOf(finding(between(made(5), null), between(null, made(4))), 0);
    expect([...first.keys()].sort()).toEqual(['east', 'west']);
    expect(first.get('west')).toMatchObject({ operation: 'index', index: 'right', version: 5, versionType: 'external' });
  });

  it('is none where its home does not know it', () => {
    expect(misplaced(between(made(5), null), { index: 'right', copies: between(null, null) })).toBeNull();
  });
});
