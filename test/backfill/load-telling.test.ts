import { expect, it } from 'vitest';
import { BackfillRate } from '../../src/backfill/backfill-rate.ts';
import { GiveWay } from '../../src/backfill/give-way.ts';
import { HeldBack } from '../../src/backfill/held-back.ts';
import { HeldShare } from '../../src/backfill/held-share.ts';
import { LoadTelling } from '../../src/backfill/load-telling.ts';
import { SluiceError } from '../../src/domain/errors.ts';
import { loadKey, LoadNotes } from '../../src/policy/load-notes.ts';
import type { RecordLog } from '../../src/ports/record-log.ts';
import { shareOf } from '../../src/rate/caps.ts';
import { RateControl } from '../../src/rate/rate-control.ts';
import { SearchGuard } from '../../src/rate/search-guard.ts';
import { ManualClock } from '../support/manual-clock.ts';

const CAPS = { documentsPerSecond: 1_000, bytesPerSecond: null };
const LIMITS = { most: { operations: 1_000, bytes: 1_000_000, inFlight: 2 }, start: 100, targetMs: 1_000 };
/** What a bucket may hold after a moment of rest. */
const BURST = 100;

/** Two lanes into one region that always have something to send, and loads that join them, in simulated time. */
class Region {
  readonly clock = new ManualClock();
  readonly lag = { seconds: 0.1 as number | null };
  reachable = true;
  readonly #stop = new AbortController();
  readonly #lanes: { control: RateControl; notes: LoadNotes }[] = [];
  readonly heldBack: HeldBack[] = [];
  readonly #loads: { control: BackfillRate; notes: LoadNotes; stop: AbortController }[] = [];

  constructor() {
    for (let at = 0; at < 2; at += 1) {
      const lane = { control: new RateControl({ clock: this.clock, lanes: 2, ...LIMITS }), notes: new LoadNotes('west', this.clock) };
      lane.control.own(1, 1);
      this.#lanes.push(lane);
      this.#send(lane.control);
    }
    this.#apply();
  }

  join(name: string): AbortController {
    const [stop, key] = [new AbortController(), loadKey('west', name)];
    const load = { control: new BackfillRate({ clock: this.clock, ...LIMITS }), notes: new LoadNotes('west', this.clock), stop };
    load.control.cap(CAPS);
    this.#loads.push(load);
    const heldBack = new HeldBack();
    this.heldBack.push(heldBack);
    const telling = new LoadTelling({
      logs: [this.#log()], topic: 'policies', key, clock: this.clock, control: load.control, guard: new SearchGuard({ factor: 0, baselineMs: null, tail: 3 }), loads: load.notes,
      giveWay: new GiveWay({ share: 0.4, lagSeconds: 4 }), held: new HeldShare(), heldBack, lagSeconds: async () => this.lag.seconds, onProblem: () => undefined,
    });
    void telling.run(AbortSignal.any([stop.signal, this.#stop.signal]));
    this.#send(load.control, stop.signal);
    return stop;
  }

  /** Documents/s of the lanes, and of each load, in each second that passes. */
  async seconds(count: number): Promise<{ lanes: number; loads: number[] }[]> {
    const seen = [];
    for (let second = 0; second < count; second += 1) {
      const before = { lanes: this.#sentByLanes(), loads: this.#loads.map(({ control }) => control.sent) };
      await this.clock.advance(1_000);
      this.#apply();
      const now = { lanes: this.#sentByLanes() - before.lanes, loads: before.loads.map((sent, at) => (this.#loads[at]?.control.sent ?? 0) - sent) };
      expect(now.lanes + now.loads.reduce((sum, sent) => sum + sent, 0)).toBeLessThanOrEqual(CAPS.documentsPerSecond + BURST);
      seen.push(now);
    }
    return seen;
  }

  end(): void { this.#stop.abort(); }

  #sentByLanes(): number { return this.#lanes.reduce((sum, { control }) => sum + control.sent, 0); }

  #apply(): void {
    for (const { control, notes } of this.#lanes) control.cap(shareOf(CAPS, notes.left, 1));
  }

  #send(control: RateControl, stop = this.#stop.signal): void {
    const signal = AbortSignal.any([stop, this.#stop.signal]);
    void (async () => { for (;;) await control.take(10, 1_000, signal); })().catch(() => undefined);
  }

  #log(): RecordLog {
    const send = async (records: readonly { key: Buffer | null; value: Buffer | null }[]): Promise<void> => {
      if (!this.reachable) throw new SluiceError('KAFKA_UNAVAILABLE', 'away');
      for (const { key, value } of records) {
        void this.clock.sleep(300).then(() => {
          for (const { notes } of [...this.#lanes, ...this.#loads]) notes.entry(String(key), value);
          this.#apply();
        });
      }
    };
    return { producer: () => ({ send, close: async () => undefined }) } as unknown as RecordLog;
  }
}

const mean = (numbers: readonly number[]): number => numbers.reduce((sum, number) => sum + number, 0) / numbers.length;

it('lanes and loads together never pass the caps: as loads come, give way, share, go, and fall silent', async () => {
  const region = new Region();
  expect(mean((await region.seconds(5)).map(({ lanes }) => lanes))).toBeCloseTo(1_000, -2);
  const first = region.join('first');
  await region.seconds(8);
  const beside = await region.seconds(5);
  expect(mean(beside.map(({ lanes }) => lanes))).toBeCloseTo(600, -2);
  expect(mean(beside.map(({ loads }) => loads[0] ?? 0))).toBeCloseTo(400, -2);

  region.join('second');
  await region.seconds(20);
  const shared = await region.seconds(5);
  for (const at of [0, 1]) expect(mean(shared.map(({ loads }) => loads[at] ?? 0))).toBeCloseTo(200, -2);

  region.lag.seconds = 30;
  await region.seconds(4);
  const givenWay = await region.seconds(5);
  expect(mean(givenWay.map(({ lanes }) => lanes))).toBeCloseTo(1_000, -2);
  expect(givenWay.flatMap(({ loads }) => loads).every((sent) => sent === 0)).toBe(true);
  expect(region.heldBack.map(({ by }) => by)).toEqual(['live', 'live']);
  expect(region.heldBack[0]?.seconds.live).toBeGreaterThanOrEqual(5);

  region.lag.seconds = 0;
  await region.seconds(40);
  first.abort();
  await region.seconds(30);
  expect(mean((await region.seconds(5)).map(({ loads }) => loads[1] ?? 0))).toBeCloseTo(400, -2);
  region.end();
});

it('a load that cannot tell the lanes what it takes stops before they forget it', async () => {
  const region = new Region();
  region.join('first');
  await region.seconds(15);
  region.reachable = false;
  await region.seconds(31);
  const silent = await region.seconds(5);
  expect(silent.every(({ loads }) => loads[0] === 0)).toBe(true);
  expect(mean(silent.map(({ lanes }) => lanes))).toBeCloseTo(1_000, -2);
  region.end();
});
