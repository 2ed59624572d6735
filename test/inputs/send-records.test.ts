import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SluiceError } from '../../src/domain/errors.ts';
import { Pacer } from '../../src/inputs/pacing.ts';
import type { Pace } from '../../src/inputs/pacing.ts';
import type { InputRecord } from '../../src/inputs/record.ts';
import { sendRecords } from '../../src/inputs/send-records.ts';
import type { Clock } from '../../src/ports/clock.ts';
import type { OutgoingRecord, RecordProducer } from '../../src/ports/record-log.ts';

/** A clock that moves only when someone sleeps. */
class SleepingClock implements Clock {
  time = 0;
  now(): number { return this.time; }
  monotonic(): number { return this.time; }
  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    this.time += ms;
  }
}

class NotingProducer implements RecordProducer {
  readonly sent: { readonly at: number; readonly record: OutgoingRecord }[] = [];
  failures: SluiceError[] = [];
  readonly #clock: Clock;
  constructor(clock: Clock) {
    this.#clock = clock;
  }
  async send(records: readonly OutgoingRecord[]): Promise<void> {
    const failure = this.failures.shift();
    if (failure !== undefined) throw failure;
    this.sent.push(...records.map((record) => ({ at: this.#clock.monotonic(), record })));
  }
  async close(): Promise<void> {}
}

function record(at: number, timestamp: number | null = null): InputRecord {
  return { pipeline: 'sold-items', key: Buffer.from(`k${at}`), payload: Buffer.from(`payload ${at}`), timestamp };
}

function setUp(pace: Pace, signal?: AbortSignal) {
  const clock = new SleepingClock();
  const producer = new NotingProducer(clock);
  return { clock, producer, options: { producer, clock, prefix: 'test.', pace, signal } };
}

const UNLIMITED: Pace = { kind: 'unlimited' };

test('every record arrives once, in order, in its topic', async () => {
  const { producer, options } = setUp(UNLIMITED);
  const records = Array.from({ length: 2_500 }, (_, at) => record(at));
  const result = await sendRecords(records, options);
  expect(producer.sent.map(({ record: { topic, key, value } }) => ({ topic, key, value }))).toStrictEqual(records.map(({ key, payload }) => ({ topic: 'test.events.sold-items', key, value: payload })));
  expect(result).toMatchObject({ records: 2_500, bytes: records.reduce((sum, { payload }) => sum + payload.length, 0) });
});

test('a rate is kept exactly', async () => {
  const { producer, options } = setUp({ kind: 'rate', perSecond: 400 });
  await sendRecords(Array.from({ length: 1_000 }, (_, at) => record(at)), options);
  producer.sent.forEach(({ at }, index) => expect(at).toBeCloseTo(index * 2.5, 6));
});

test('the pace of the records is kept, so many times faster', async () => {
  const { producer, options } = setUp({ kind: 'recorded', speed: 60 });
  await sendRecords([record(0, 600_000), record(1, 660_000), record(2), record(3, 630_000), record(4, 720_000)], options);
  expect(producer.sent.map(({ at }) => at)).toStrictEqual([0, 1_000, 1_000, 1_000, 2_000]);
});

test('what is due never goes back', () => {
  fc.assert(fc.property(fc.array(fc.option(fc.integer())), fc.double({ min: 0.01, max: 100, noNaN: true }), (times, speed) => {
    const pacer = new Pacer({ kind: 'recorded', speed });
    const dues = times.map((time) => pacer.due(time));
    expect(dues).toStrictEqual(dues.toSorted((a, b) => a - b));
  }));
});

describe('when the cluster is away', () => {
  test('the same records are sent again', async () => {
    const { producer, options } = setUp(UNLIMITED);
    producer.failures = [new SluiceError('KAFKA_UNAVAILABLE', 'away'), new SluiceError('KAFKA_UNAVAILABLE', 'away')];
    await sendRecords([record(0), record(1)], options);
    expect(producer.sent.length).toBe(2);
  });
  test('for long, it is told', async () => {
    const { producer, options } = setUp(UNLIMITED);
    producer.failures = Array.from({ length: 1_000 }, () => new SluiceError('KAFKA_UNAVAILABLE', 'away'));
    await expect(sendRecords([record(0)], options)).rejects.toMatchObject({ code: 'KAFKA_UNAVAILABLE' });
  });
  test('a refusal is told at once', async () => {
    const { producer, options } = setUp(UNLIMITED);
    producer.failures = [new SluiceError('KAFKA_RECORD_TOO_LARGE', 'too large')];
    await expect(sendRecords([record(0)], options)).rejects.toMatchObject({ code: 'KAFKA_RECORD_TOO_LARGE' });
  });
});

test('a stop counts what was acknowledged', async () => {
  const stop = new AbortController();
  const { producer, options } = setUp({ kind: 'rate', perSecond: 1 }, stop.signal);
  const result = await sendRecords((function* () {
    for (let at = 0; ; at += 1) {
      if (at === 3) stop.abort();
      yield record(at);
    }
  })(), options);
  expect(result.records).toBe(producer.sent.length);
  expect(result.records).toBeGreaterThanOrEqual(3);
});

describe('a stop while the cluster is away', () => {
  class StoppedWhileAway extends NotingProducer {
    readonly #stop: AbortController;
    constructor(clock: Clock, stop: AbortController) {
      super(clock);
      this.#stop = stop;
    }
    override async send(records: readonly OutgoingRecord[]): Promise<void> {
      if (this.sent.length > 0) {
        this.#stop.abort();
        this.failures.push(new SluiceError('KAFKA_UNAVAILABLE', 'away'));
      }
      await super.send(records);
    }
  }

  test.each([['in the middle', 2_500], ['at the end', 1_500]])('%s ends as a stop, with what was acknowledged', async (_, count) => {
    const stop = new AbortController();
    const { clock, options } = setUp(UNLIMITED, stop.signal);
    const producer = new StoppedWhileAway(clock, stop);
    expect(await sendRecords(Array.from({ length: count }, (_, at) => record(at)), { ...options, producer })).toMatchObject({ records: 1_000 });
  });

  test('does not hide a refusal', async () => {
    const stop = new AbortController();
    const { producer, options } = setUp(UNLIMITED, stop.signal);
    producer.failures = [new SluiceError('KAFKA_REFUSED', 'no')];
    stop.abort();
    await expect(sendRecords([record(0)], options)).rejects.toMatchObject({ code: 'KAFKA_REFUSED' });
  });
});
