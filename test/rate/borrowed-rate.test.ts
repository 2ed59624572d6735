import { afterEach, describe, expect, it } from 'vitest';
import { BorrowedRate, type OpenRate } from '../../src/rate/borrowed-rate.ts';
import { BackfillRate } from '../../src/backfill/backfill-rate.ts';
import { NO_CAPS, type Caps } from '../../src/rate/caps.ts';
import { ManualClock } from '../support/manual-clock.ts';

const CAPS: Caps = { documentsPerSecond: 100, bytesPerSecond: null };
const LIMITS = { most: { operations: 1_000, bytes: 1_000_000, inFlight: 2 }, start: 100, targetMs: 1_000 };
const signal = new AbortController().signal;

/** Rates whose share comes when the test says so. */
class Rates {
  readonly clock = new ManualClock();
  readonly opened: { region: string; control: BackfillRate; runs: boolean; ended: boolean }[] = [];
  #given: Promise<void> = Promise.resolve();
  readonly borrowed = new BorrowedRate({ regions: ['west', 'east'], clock: this.clock, open: (region) => this.#open(region) });

  grant(caps: Caps, share: number): void {
    for (const { control } of this.opened) {
      control.cap(caps);
      control.allow({ share, documentsPerSecond: null });
    }
  }

  /** What ends takes until the returned function is called. */
  hold(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#given = promise;
    return resolve;
  }

  #open(region: string): OpenRate {
    const one = { region, control: new BackfillRate({ clock: this.clock, ...LIMITS }), runs: false, ended: false };
    this.opened.push(one);
    return { control: one.control, run: (ended) => new Promise((resolve) => {
      one.runs = true;
      ended.addEventListener('abort', () => { one.ended = true; void this.#given.then(resolve); });
    }) };
  }
}

let rates: Rates;
afterEach(() => rates.borrowed.close());

describe('the share of the caps that a repair borrows', () => {
  it('is not there before every region gave it', async () => {
    rates = new Rates();
    let room: number | null = null;
    void rates.borrowed.room(30_000, signal).then((found) => { room = found; });
    await rates.clock.advance(2_000);
    expect(room).toBeNull();
    rates.grant(CAPS, 0.25);
    rates.opened[1]!.control.allow({ share: 0, documentsPerSecond: null });
    await rates.clock.advance(2_000);
    expect(room).toBeNull();
    rates.opened[1]!.control.allow({ share: 0.1, documentsPerSecond: null });
    await rates.clock.advance(500);
    expect(room).toBe(10);
  });

  it('is nothing where live traffic leaves nothing in time, and everything where nothing is capped', async () => {
    rates = new Rates();
    const crowded = rates.borrowed.room(5_000, signal);
    rates.grant(CAPS, 0);
    await rates.clock.advance(6_000);
    expect(await crowded).toBe(0);
    rates.grant(NO_CAPS, 0);
    expect(await rates.borrowed.room(5_000, signal)).toBe(Number.POSITIVE_INFINITY);
  });

  it('is what writes take from', async () => {
    rates = new Rates();
    void rates.borrowed.room(0, signal);
    rates.grant(CAPS, 0.1);
    let taken = 0;
    for (let at = 0; at < 5; at += 1) void rates.borrowed.of('west').take(10, 100, signal).then(() => { taken += 1; });
    await rates.clock.advance(2_500);
    expect(taken).toBe(3);
  });

  it('is given back after a while without work, and borrowed anew when there is some', async () => {
    rates = new Rates();
    void rates.borrowed.room(0, signal);
    rates.borrowed.rest();
    await rates.clock.advance(10_000);
    void rates.borrowed.room(0, signal);
    await rates.clock.advance(30_000);
    expect(rates.opened.map(({ ended }) => ended)).toEqual([false, false]);
    rates.borrowed.rest();
    await rates.clock.advance(16_000);
    expect(rates.opened.map(({ ended }) => ended)).toEqual([true, true]);
    void rates.borrowed.room(0, signal);
    expect(rates.opened.map(({ ended }) => ended)).toEqual([true, true, false, false]);
  });

  it('is not given back while somebody else waits for it', async () => {
    rates = new Rates();
    let room: number | null = null;
    void rates.borrowed.room(60_000, signal).then((found) => { room = found; });
    rates.borrowed.rest();
    await rates.clock.advance(20_000);
    expect(rates.opened.map(({ ended }) => ended)).toEqual([false, false]);
    rates.grant(CAPS, 0.25);
    await rates.clock.advance(1_000);
    expect(room).toBe(25);
  });

  it('is told anew only after it was given back', async () => {
    rates = new Rates();
    const given = rates.hold();
    void rates.borrowed.room(0, signal);
    const closing = rates.borrowed.close();
    void rates.borrowed.room(0, signal);
    await rates.clock.advance(1_000);
    expect(rates.opened.map(({ runs }) => runs)).toEqual([true, true, false, false]);
    given();
    await closing;
    await rates.clock.advance(0);
    expect(rates.opened.map(({ runs }) => runs)).toEqual([true, true, true, true]);
  });

  it('is given back at the end', async () => {
    rates = new Rates();
    void rates.borrowed.room(0, signal);
    await rates.borrowed.close();
    expect(rates.opened.every(({ ended }) => ended)).toBe(true);
  });
});
