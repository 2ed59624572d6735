import { beforeEach, describe, expect, it } from 'vitest';
import { AuditReport } from '../../src/audit/report.ts';
import { recentAudits } from '../../src/monitor/observe/audits.ts';
import { systemClock } from '../../src/adapters/system-clock.ts';
import { MemorySearch } from '../support/memory-search.ts';
import { AUDITED, auditLog, missingInEast } from './findings.ts';

const NOW = Date.UTC(2026, 10, 30, 12);
const DAY_MS = 86_400_000;
let now = NOW;
const clock = { ...systemClock, now: () => now };

let searches: { west: MemorySearch; east: MemorySearch };
beforeEach(() => {
  now = NOW;
  searches = { west: new MemorySearch(), east: new MemorySearch() };
  for (const search of Object.values(searches)) search.templates.set('t.sluice-audits', { index_patterns: ['t.sluice-audits-*'], template: { aliases: { 't.sluice-audits': {} } } });
});

const entries = (search: MemorySearch) => [...search.indices.values()].flatMap((index) => [...index.documents.values()].map(({ source }) => source));
const heard = (search: MemorySearch, at = now) => recentAudits({ search, prefix: 't.', now: at, timeoutMs: 1_000 });

function report(changes: Partial<AuditReport> = {}): AuditReport {
  return Object.assign(new AuditReport(), changes);
}

describe('what an audit writes down', () => {
  it('is each finding that nobody repairs, with every copy, in every region', async () => {
    await auditLog(searches, clock).found([missingInEast('a'), missingInEast('b')]);
    for (const search of Object.values(searches)) {
      expect(entries(search)).toMatchObject([{ document_id: 'a', kind: 'missing', state: 'found', regions: ['east'], outcome: null, run: 'run-1' }, { document_id: 'b' }]);
      expect(entries(search)[0]?.['before']).toMatchObject([{ region: 'west', version: 5, source: expect.stringContaining('lamp') as string }, { region: 'east', source: null }]);
    }
  });

  it('is one entry for a finding that the same run finds again', async () => {
    const log = auditLog(searches, clock);
    await log.found([missingInEast('a')]);
    now += 1_000;
    await log.found([missingInEast('a')]);
    expect(entries(searches.west)).toMatchObject([{ '@timestamp': new Date(now).toISOString() }]);
  });

  it('is what each round came to, which a monitor reads', async () => {
    const log = auditLog(searches, clock, 600_000);
    await log.round(AUDITED, report({ differences: 5, repaired: 2, byWhy: { lost: 4, failed: 1 }, absent: [{ index: AUDITED.index, region: 'east', documents: 9 }] }));
    expect(await heard(searches.east)).toEqual([{ index: AUDITED.index, at: NOW, complete: true, problem: null, left: 3, failed: 1, absent: ['east'], everyMs: 600_000 }]);
  });

  it('is written over by the next round, also in the next month', async () => {
    await auditLog(searches, clock).round(AUDITED, report({ differences: 5 }));
    now += 1_000;
    await auditLog(searches, clock).round(AUDITED, report({ differences: 4 }));
    expect(entries(searches.west)).toHaveLength(1);
    now += 2 * DAY_MS;
    await auditLog(searches, clock).round(AUDITED, report());
    expect(await heard(searches.west)).toMatchObject([{ left: 0, at: now }]);
    expect(await heard(searches.west, now + 8 * DAY_MS)).toEqual([]);
  });

  it('leaves the last round that was ended beside one that could not be', async () => {
    const log = auditLog(searches, clock);
    await log.round(AUDITED, report({ differences: 5 }));
    now += 1_000;
    await log.round(AUDITED, report({ problems: [{ index: AUDITED.index, problem: 'no answer' }] }));
    expect(await heard(searches.west)).toMatchObject([{ complete: false, problem: 'no answer' }, { complete: true, left: 5 }]);
  });

  it('says nothing of a round that was stopped', async () => {
    await auditLog(searches, clock).round(AUDITED, report({ stopped: true }));
    expect(entries(searches.west)).toEqual([]);
  });

  it('costs nothing but itself where a region does not take it', async () => {
    searches.east.setDown(true);
    await auditLog(searches, clock).found([missingInEast('a')]);
    expect(entries(searches.west)).toHaveLength(1);
  });
});

describe('the sum of several reports', () => {
  it('counts, lists and remembers what each of them did', () => {
    const [sum, one] = [report({ differences: 1, byKind: { missing: 1 } }), report({ differences: 2, unlisted: 3, byKind: { missing: 1, older: 1 }, byWhy: { lost: 2 }, problems: [{ index: 'i', problem: 'p' }] })];
    one.add(missingInEast('a'), null);
    sum.join(one);
    expect(sum).toMatchObject({ differences: 4, unlisted: 3, byKind: { missing: 3, older: 1 }, byWhy: { lost: 3 }, findings: [{ id: 'a' }], ok: false });
  });
});
