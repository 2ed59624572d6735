import { describe, expect, it } from 'vitest';
import { Repair, type RepairParts } from '../../src/audit/repair.ts';
import { systemClock } from '../../src/adapters/system-clock.ts';
import { MemorySearch } from '../support/memory-search.ts';
import { AUDITED, CONTEXT, missingInEast, writersInto } from './findings.ts';

const findings = (count: number) => Array.from({ length: count }, (_, at) => missingInEast(`d${at}`));

function world(room: number | (() => number), parts: Partial<RepairParts> = {}) {
  const searches = { west: new MemorySearch(), east: new MemorySearch() };
  let rests = 0;
  const share = { room: async () => (typeof room === 'number' ? room : room()), rest: () => { rests += 1; } };
  const repair = new Repair({ writers: writersInto(searches, systemClock), context: CONTEXT, clock: systemClock, rate: 1_000, share, patienceMs: 1_000, ...parts });
  return { repair, searches, rests: () => rests, logs: () => searches.east.seen.filter(({ operations }) => operations[0]?.index.includes('sluice-audits')).map(({ operations }) => operations.length) };
}

describe('a repair', () => {
  it('writes the newest copy where it is missing, and gives its share back', async () => {
    const { repair, searches, rests } = world(Number.POSITIVE_INFINITY);
    const mended = await repair.mend(findings(2), new AbortController().signal);
    expect(mended.map(({ outcomes, logged }) => [...outcomes, logged])).toEqual([[['east', { kind: 'applied' }], true], [['east', { kind: 'applied' }], true]]);
    expect(searches.east.document(AUDITED.index, 'd0')?.source).toMatchObject({ title: 'lamp', origin: { role: 'audit' } });
    expect(rests()).toBe(1);
  });

  it('mends in chunks that its share lets through within seconds', async () => {
    const { repair, logs } = world(3);
    await repair.mend(findings(12), new AbortController().signal);
    // Five seconds of three documents a second, three writes each; each chunk is noted down before and after.
    expect(logs()).toEqual([5, 5, 5, 5, 2, 2]);
  });

  it('leaves what live traffic leaves no room for, and says so', async () => {
    let asked = 0;
    const { repair, searches } = world(() => (asked++ === 0 ? 3 : 0));
    const mended = await repair.mend(findings(7), new AbortController().signal);
    expect(mended).toHaveLength(7);
    expect(mended[4]?.outcomes.get('east')).toEqual({ kind: 'applied' });
    expect(mended[5]).toMatchObject({ logged: false });
    expect(mended[5]?.outcomes.get('east')).toMatchObject({ kind: 'unavailable', reason: expect.stringContaining('live traffic') as string });
    expect(searches.east.document(AUDITED.index, 'd5')).toBeNull();
  });

  it('ends with what was done when it is stopped', async () => {
    const stop = new AbortController();
    let asked = 0;
    const { repair } = world(() => { asked += 1; if (asked === 2) stop.abort(); stop.signal.throwIfAborted(); return 3; });
    expect(await repair.mend(findings(12), stop.signal)).toHaveLength(5);
  });
});
