import { stripVTControlCharacters } from 'node:util';
import { InvalidArgumentError } from 'commander';
import { describe, expect, it } from 'vitest';
import { filterOf, timeOption } from '../../src/control/cli/failure-options.ts';
import { countsText, dryRunView, redriveView } from '../../src/control/cli/failure-view.ts';
import { barOf } from '../../src/control/cli/bar.ts';
import { meansAll, queryOf } from '../../src/redrive/filter.ts';

const NONE = { applied: 0, superseded: 0, written: 0, leftOut: 0, rejected: 0, unavailable: 0, skipped: 0, taken: 0, gone: 0 };

describe('choosing failures', () => {
  it('takes ISO times and ages, nothing else', () => {
    expect(timeOption('2026-11-22T10:00:00Z')).toBe(Date.UTC(2026, 10, 22, 10));
    expect(Math.abs(Date.now() - 90 * 60_000 - timeOption('90m'))).toBeLessThan(5_000);
    for (const text of ['soon', '5', '', '22.11.2026']) expect(() => timeOption(text)).toThrow(InvalidArgumentError);
  });

  it('asks for exactly what was given; the state alone means everything', () => {
    const filter = filterOf({ region: [], state: ['open'], pipeline: 'p', text: 'failed to parse', since: 0 }, ['a']);
    expect(queryOf(filter)).toEqual({ bool: {
      filter: [{ term: { pipeline: 'p' } }, { ids: { values: ['a'] } }, { terms: { state: ['open'] } }, { range: { '@timestamp': { gte: '1970-01-01T00:00:00.000Z' } } }, { match: { 'error.reason': { query: 'failed to parse', operator: 'and' } } }],
      must_not: [{ term: { deleted: true } }],
    } });
    expect([meansAll(filter), meansAll(filterOf({ region: [], state: ['open'] }))]).toEqual([false, true]);
  });
});

describe('what is shown of a redrive', () => {
  it('counts in words, names what is left, and how to go on', () => {
    const text = redriveView({ ok: false, failures: 4, cases: 2, counts: { ...NONE, applied: 1, rejected: 1 }, returned: 0, more: true, stopped: null, notDone: [{ id: 'f1', region: 'west', pipeline: 'p', documentId: 'd', version: 1, copies: 2, result: 'rejected', reason: 'strict: no\nsuch field' }] });
    expect(text).toMatch(/2 cases \(4 failure documents\): 1 applied, 1 rejected/);
    expect(text).toMatch(/f1 d rejected: strict: no such field/);
    expect(text).toMatch(/there are more/);
    expect(countsText(NONE)).toBe('');
  });

  it('shows each changed field before and after, and what every region would say', () => {
    const text = stripVTControlCharacters(dryRunView({ ok: true, failures: 1, cases: 1, more: false, limits: 'LIMITS', entries: [{
      id: 'f1', region: 'west', pipeline: 'p', documentId: 'd', version: 1, copies: 1, error: { type: 't', reason: 'r' }, plan: 'into the index', reason: null,
      target: { index: 'i', documentId: 'd', version: 1 }, differences: [{ path: 'price', kind: 'changed', before: 'x', after: 1 }], regions: [{ region: 'west', verdict: 'would be applied', reason: null, storedVersion: null }],
    }] }));
    for (const part of ['- price: "x"', '+ price: 1', 'west: would be applied', 'LIMITS', 'i/d at version 1']) expect(text).toContain(part);
  });

  it('a bar is full when all is done', () => {
    expect([barOf(0, 4), barOf(4, 4)].map((bar) => bar.trim())).toEqual([`${'░'.repeat(30)}   0 %`, `${'█'.repeat(30)} 100 %`]);
  });
});
