import { expect, it } from 'vitest';
import { GiveWay, type Surroundings } from '../../src/backfill/give-way.ts';
import { holderOf } from '../../src/backfill/held-back.ts';
import { LiveLag } from '../../src/backfill/live-lag.ts';

const QUIET: Surroundings = { lagSeconds: 0.2, guard: null, sent: 4_000, othersShare: 0, others: 0 };

function looks(seen: readonly Partial<Surroundings>[]): number[] {
  const giveWay = new GiveWay({ share: 0.4, lagSeconds: 4 });
  return seen.map((change) => giveWay.look({ ...QUIET, ...change }).share);
}

it('a load takes its whole share while nobody is disturbed', () => {
  expect(looks([{}, { lagSeconds: null }, { lagSeconds: 2 }])).toEqual([0.4, 0.4, 0.4]);
});

it('a load gives way as live traffic falls behind, to nothing, and comes back step by step', () => {
  expect(looks([{ lagSeconds: 3 }, { lagSeconds: 3.5 }, { lagSeconds: 4 }, { lagSeconds: 60 }, {}, {}, {}, {}, {}])).toEqual([0.2, 0.1, 0, 0, 0.05, 0.1, 0.2, 0.4, 0.4]);
});

it('a load takes nothing while the searches want it quiet', () => {
  expect(looks([{ guard: 50 }, { guard: 2_000 }])).toEqual([0, 0.05]);
});

it('it is told whom a load gives way to, until it has come back', () => {
  const giveWay = new GiveWay({ share: 0.4, lagSeconds: 4 });
  const seen: Partial<Surroundings>[] = [{}, { lagSeconds: 3 }, { lagSeconds: 60 }, {}, {}, { guard: 50 }, { guard: 2_000 }, {}, {}, {}, {}];
  expect(seen.map((change) => giveWay.look({ ...QUIET, ...change }).givesWayTo)).toEqual([null, 'live', 'live', 'live', 'live', 'searches', 'searches', 'searches', 'searches', null, null]);
});

it('what waits although nobody is given way to waits for the searches, or for its share of the caps', () => {
  const CAPS = { documentsPerSecond: 1_000, bytesPerSecond: null };
  const status = { window: 1_000, caps: CAPS, share: { ...CAPS, documentsPerSecond: 250 }, guard: null, waiting: 1 };
  expect(holderOf('live', status)).toBe('live');
  expect(holderOf(null, status)).toBe('caps');
  expect(holderOf(null, { ...status, caps: { documentsPerSecond: null, bytesPerSecond: null } })).toBe('live');
  expect(holderOf(null, { ...status, guard: 250 })).toBe('searches');
  expect(holderOf(null, { ...status, guard: 4_000 })).toBe('caps');
  expect(holderOf(null, { ...status, waiting: 0 })).toBeNull();
  expect(holderOf(null, { ...status, caps: null })).toBeNull();
});

it('loads share alike, and none takes what another has told', () => {
  expect(looks([{ others: 1, othersShare: 0.4 }, { others: 1, othersShare: 0.2 }, { others: 3, othersShare: 0.1 }])).toEqual([0, 0.2, 0.1]);
});

it('without caps giving way is a part of what was sent at best', () => {
  const giveWay = new GiveWay({ share: 0.4, lagSeconds: 4 });
  expect(giveWay.look({ ...QUIET, sent: 10_000 }).documentsPerSecond).toBeNull();
  expect(giveWay.look({ ...QUIET, sent: 0, lagSeconds: 3 }).documentsPerSecond).toBeCloseTo(0.7 * 4_900);
  expect(giveWay.look({ ...QUIET, sent: 0, lagSeconds: 9 }).documentsPerSecond).toBe(0);
});

/** A load that could send 8,000 documents/s into a cluster that has room for 1,000 beside live traffic: what is more makes that wait. */
function besideLive(looks: number): { rate: number; behind: number } {
  const giveWay = new GiveWay({ share: 0.4, lagSeconds: 4 });
  let [sent, lagSeconds, sum, behind] = [0, 0, 0, 0];
  for (let look = 0; look < looks; look += 1) {
    sent = Math.min(8_000, giveWay.look({ ...QUIET, sent, lagSeconds }).documentsPerSecond ?? 8_000);
    lagSeconds = Math.max(0, lagSeconds + 2 * (sent / 1_000 - 1));
    sum += sent;
    if (lagSeconds > 2) behind += 1;
  }
  return { rate: sum / looks, behind: behind / looks };
}

it('a load finds the rate that live traffic bears, without disturbing it again and again', () => {
  const { rate, behind } = besideLive(600);
  expect(rate).toBeGreaterThan(900);
  expect(behind).toBeLessThan(0.2);
});

it('a load that something else holds forgets at which rate live traffic was disturbed', () => {
  const giveWay = new GiveWay({ share: 0.4, lagSeconds: 4 });
  giveWay.look({ ...QUIET, sent: 4_000 });
  giveWay.look({ ...QUIET, sent: 4_000, lagSeconds: 5 });
  const rates = Array.from({ length: 10 }, () => giveWay.look({ ...QUIET, sent: 300 }).documentsPerSecond);
  expect(rates.slice(0, 4).every((rate) => rate !== null)).toBe(true);
  expect(rates.at(-1)).toBeNull();
});

it('lag is told in the seconds that a lane needs for it, and only by lanes that move', () => {
  const lag = new LiveLag();
  const at = (second: number, ends: number, waiting: number): number | null => lag.observe({ at: second * 1_000, ends, lag: waiting });
  expect(at(0, 0, 50_000)).toBeNull();
  expect(at(1, 0, 50_000)).toBeNull();
  expect(at(2, 0, 40_000)).toBeCloseTo(40_000 / 3_000);
  expect(at(3, 200, 20)).toBe(0);
  for (let second = 4; second <= 40; second += 1) at(second, 90_000, 90_000);
  expect(at(41, 90_000, 90_000)).toBeNull();
});

/** A lane to which 100 records come a second and which is so many behind; they are committed once a second. */
function read(behind: (second: number) => number): (number | null)[] {
  const lag = new LiveLag();
  return Array.from({ length: 60 }, (_, reading) => {
    const second = reading * 0.7;
    const committed = Math.floor(second) * 100 - behind(second);
    return lag.observe({ at: second * 1_000, ends: Math.floor(second * 100), lag: Math.floor(second * 100) - committed });
  });
}

it('a lag of a second is seen also where few records come', () => {
  expect(read((second) => (second < 30 ? 10 : 110)).at(-1)).toBeGreaterThan(1);
});

it('what a lane commits at once is no lag', () => {
  expect(Math.max(...read(() => 10).slice(10).map((seconds) => seconds ?? 0))).toBeLessThan(0.4);
});
