import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Clock } from '../../src/ports/clock.ts';
import { NO_CAPS } from '../../src/rate/caps.ts';
import { Pace } from '../../src/rate/pace.ts';
import { ManualClock } from '../support/manual-clock.ts';

const NEVER = new AbortController().signal;

/** Takes batches of the given sizes for ever; tells what went at which time. */
function sender(pace: Pace, clock: ManualClock, documents: number, bytes = 0): { at: number; documents: number; bytes: number }[] {
  const sent: { at: number; documents: number; bytes: number }[] = [];
  void (async () => {
    for (;;) {
      await pace.take(documents, bytes, NEVER);
      sent.push({ at: clock.monotonic(), documents, bytes });
      // Without a cap nothing else would ever make it pause.
      if (pace.waiting === 0) await clock.sleep(1);
    }
  })();
  return sent;
}

function documentsBetween(sent: readonly { at: number; documents: number }[], from: number, until: number): number {
  return sent.filter(({ at }) => at >= from && at < until).reduce((sum, { documents }) => sum + documents, 0);
}

describe('the pace', () => {
  it('keeps a cap exactly over ten seconds, whatever the batches are', async () => {
    await fc.assert(fc.asyncProperty(fc.integer({ min: 50, max: 20_000 }), fc.double({ min: 0.03, max: 0.1, noNaN: true }), fc.integer({ min: 1, max: 3 }), async (rate, share, senders) => {
      const clock = new ManualClock();
      const pace = new Pace(clock);
      pace.set({ documentsPerSecond: rate, bytesPerSecond: null });
      const sent = Array.from({ length: senders }, () => sender(pace, clock, Math.max(1, Math.floor(rate * share))));
      await clock.advance(13_000);
      const total = sent.reduce((sum, one) => sum + documentsBetween(one, 2_000, 12_000), 0);
      expect(Math.abs(total / 10 / rate - 1)).toBeLessThanOrEqual(0.02);
    }), { numRuns: 6 });
  });

  it('lets nothing go at a lower cap that was saved up at a higher one', async () => {
    const clock = new ManualClock();
    const pace = new Pace(clock);
    pace.set({ documentsPerSecond: 50_000, bytesPerSecond: null });
    await pace.take(1, 0, NEVER);
    await clock.advance(5_000);
    await pace.take(1, 0, NEVER);
    pace.set({ documentsPerSecond: 500, bytesPerSecond: null });
    const sent = sender(pace, clock, 10);
    await clock.advance(10_000);
    expect(documentsBetween(sent, 5_000, 15_000)).toBeLessThanOrEqual(500 * 10 * 1.02);
  });

  it('loses nothing when its timers are late', async () => {
    const clock = new ManualClock();
    const late: Clock = { now: () => clock.now(), monotonic: () => clock.monotonic(), sleep: (ms, signal) => clock.sleep(ms + 400, signal) };
    const pace = new Pace(late);
    pace.set({ documentsPerSecond: 1_000, bytesPerSecond: null });
    const sent = sender(pace, clock, 100);
    await clock.advance(12_000);
    expect(Math.abs(documentsBetween(sent, 2_000, 12_000) / 10_000 - 1)).toBeLessThanOrEqual(0.02);
  });

  it('makes up for no more than a second, however long the process stood still', async () => {
    const clock = new ManualClock();
    let standstill = 0;
    const frozen: Clock = { now: () => clock.now(), monotonic: () => clock.monotonic(), sleep: (ms, signal) => clock.sleep(ms + standstill, signal) };
    const pace = new Pace(frozen);
    pace.set({ documentsPerSecond: 1_000, bytesPerSecond: null });
    const sent = sender(pace, clock, 100);
    await clock.advance(1_000);
    standstill = 3_600_000;
    await clock.advance(150);
    standstill = 0;
    await clock.advance(3_600_500);
    const after = documentsBetween(sent, 1_200, 5_000_000);
    expect(after).toBeGreaterThan(1_000);
    expect(after).toBeLessThan(2_200);
  });

  it('holds the tighter one of two caps', async () => {
    const clock = new ManualClock();
    const pace = new Pace(clock);
    pace.set({ documentsPerSecond: 1_000, bytesPerSecond: 30_000 });
    const sent = sender(pace, clock, 10, 600);
    await clock.advance(11_000);
    expect(documentsBetween(sent, 1_000, 11_000)).toBeCloseTo(5_000, -2);
  });

  it('lets nothing go before the caps are known, nor at a cap of zero', async () => {
    const clock = new ManualClock();
    const pace = new Pace(clock);
    const sent = sender(pace, clock, 1);
    await clock.advance(100_000);
    expect(sent).toEqual([]);
    pace.set({ documentsPerSecond: 0, bytesPerSecond: null });
    await clock.advance(100_000);
    expect(sent).toEqual([]);
    pace.set(NO_CAPS);
    await clock.advance(10);
    expect(sent.length).toBeGreaterThan(5);
  });

  it('takes a new cap at once, also for one who waits already', async () => {
    const clock = new ManualClock();
    const pace = new Pace(clock);
    pace.set({ documentsPerSecond: 1, bytesPerSecond: null });
    const sent = sender(pace, clock, 100);
    await clock.advance(1_000);
    expect(sent).toHaveLength(1);
    pace.set({ documentsPerSecond: 1_000, bytesPerSecond: null });
    await clock.advance(1_000);
    expect(documentsBetween(sent, 1_000, 2_000)).toBeGreaterThanOrEqual(800);
  });

  it('goes in order, and one who gives up holds up nobody', async () => {
    const clock = new ManualClock();
    const pace = new Pace(clock);
    pace.set({ documentsPerSecond: 10, bytesPerSecond: null });
    const order: string[] = [];
    const gone = new AbortController();
    const take = (name: string, signal: AbortSignal) => pace.take(10, 0, signal).then(() => order.push(name), () => order.push(`${name} gave up`));
    const all = [take('a', NEVER), take('b', gone.signal), take('c', NEVER)];
    await clock.advance(10);
    gone.abort(new Error('enough'));
    await clock.advance(1_000);
    await Promise.all(all);
    expect(order).toEqual(['a', 'b gave up', 'c']);
    expect(pace.waiting).toBe(0);
  });
});
