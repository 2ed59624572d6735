import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HEARD_MS, HeldShare, HOLDS_MS } from '../../src/backfill/held-share.ts';
import { LoadNotes, loadKey, writeLoadNote } from '../../src/policy/load-notes.ts';
import { ManualClock } from '../support/manual-clock.ts';

const KEY = loadKey('west', 'loader');

describe('the share that a load may take', () => {
  it('begins when every lane has heard of it, and ends when it could not be told again', () => {
    const held = new HeldShare();
    held.intend(0.25);
    const told = held.tell(0.25, 0);
    told(100);
    expect(held.at(HEARD_MS + 99)).toBe(0);
    expect(held.at(HEARD_MS + 100)).toBe(0.25);
    held.tell(0.25, 10_000); // some region did not take it
    expect(held.at(HOLDS_MS - 1)).toBe(0.25);
    expect(held.at(HOLDS_MS)).toBe(0);
  });

  it('falls at once, and rises when the lanes have heard', () => {
    const held = new HeldShare();
    held.intend(0.2);
    held.tell(0.2, 0)(0);
    held.intend(0.1);
    expect(held.at(HEARD_MS)).toBe(0.1);
    held.tell(0.1, HEARD_MS)(HEARD_MS);
    held.intend(0.2);
    held.tell(0.2, HEARD_MS + 1)(HEARD_MS + 1);
    expect(held.at(HEARD_MS * 2)).toBe(0.1);
    expect(held.at(HEARD_MS * 2 + 1)).toBe(0.2);
  });

  it('and what the lanes keep are never more than the caps together, however late and however seldom notes arrive', async () => {
    const step = fc.record({ waitMs: fc.integer({ min: 0, max: 12_000 }), share: fc.integer({ min: 0, max: 9 }).map((tenths) => tenths / 10), delays: fc.array(fc.option(fc.integer({ min: 0, max: HEARD_MS }), { freq: 4 }), { minLength: 2, maxLength: 2 }) });
    await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
      const clock = new ManualClock();
      const lanes = [new LoadNotes('west', clock), new LoadNotes('west', clock)];
      const held = new HeldShare();
      const check = (): void => { for (const lane of lanes) expect(lane.left + held.at(clock.monotonic())).toBeLessThanOrEqual(1 + 1e-9); };
      for (const { waitMs, share, delays } of steps) {
        held.intend(share);
        const told = held.tell(share, clock.monotonic());
        const order = lanes.map((lane, at) => ({ lane, delay: delays[at] ?? null }));
        // Notes of one load arrive in order: the next one is told after this one's time to be heard.
        for (const { lane, delay } of order) if (delay !== null) void clock.sleep(delay).then(() => { lane.entry(KEY, writeLoadNote({ share, forMs: HOLDS_MS })); });
        if (order.every(({ delay }) => delay !== null)) told(clock.monotonic());
        for (let passed = 0; passed < HEARD_MS + waitMs; passed += 500) {
          check();
          await clock.advance(500);
        }
      }
    }), { numRuns: 60 });
  });
});

it('a load that is gone, or silent, or unreadable leaves everything to the lanes, and however many there are, something', async () => {
  const clock = new ManualClock();
  const notes = new LoadNotes('west', clock);
  const tell = (loader: string, share: number): boolean => notes.entry(loadKey('west', loader), writeLoadNote({ share, forMs: 1_000 }));
  expect(notes.entry(loadKey('east', 'a'), writeLoadNote({ share: 0.5, forMs: 1_000 }))).toBe(false);
  expect(tell('a', 0.25)).toBe(true);
  expect([notes.left, notes.share(loadKey('west', 'a')), notes.count()]).toEqual([0.75, 0, 1]);
  notes.entry(loadKey('west', 'a'), null);
  expect(notes.left).toBe(1);
  tell('a', 0.25);
  notes.entry(loadKey('west', 'a'), Buffer.from('{'));
  expect(notes.left).toBe(1);
  for (const loader of ['a', 'b', 'c']) tell(loader, 0.5);
  expect(notes.left).toBe(0.1);
  await clock.advance(1_000);
  expect(notes.left).toBe(1);
});
