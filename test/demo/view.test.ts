import { describe, expect, it } from 'vitest';
import { lagSeconds, plainLineOf, ratesBetween, screenOf, type Moment } from '../../src/demo/view.ts';
import type { LaneStatus } from '../../src/indexing/status.ts';
import { NO_CAPS } from '../../src/rate/caps.ts';

const NO_COUNTS = { records: 0, applied: 0, superseded: 0, rejected: 0, refused: 0, retried: 0, batches: 0 };

function lane(name: string, more: Partial<LaneStatus> = {}): LaneStatus {
  return {
    lane: name, host: 'h', state: 'running', gate: { kind: 'open' }, books: { kind: 'open' }, connected: true, lastError: null, partitions: 1,
    counts: NO_COUNTS, inFlightBatches: 0, heldBytes: 0, lagRecords: 0, freshnessSeconds: null, lastSettledAt: null,
    rate: { window: 1_000, caps: NO_CAPS, share: NO_CAPS, guard: null, waiting: 0 }, ...more,
  };
}

function moment(at: number, more: Partial<Moment> = {}): Moment {
  return { at, phase: 'sending events', sent: 0, total: 100, failures: 4, lanes: [], servers: [], processes: [], ...more };
}

describe('rates', () => {
  it('are what came since the earlier moment, per second', () => {
    const earlier = moment(0, { sent: 100, lanes: [lane('west-east', { counts: { ...NO_COUNTS, records: 40 } })] });
    const later = moment(2_000, { sent: 600, lanes: [lane('west-east', { counts: { ...NO_COUNTS, records: 240 } })] });
    const rates = ratesBetween(earlier, later);
    expect(rates.sent).toBe(250);
    expect(rates.lanes.get('west-east')).toBe(100);
  });

  it('are zero at the beginning and never negative', () => {
    expect(ratesBetween(null, moment(5)).sent).toBe(0);
    expect(ratesBetween(moment(0, { sent: 10 }), moment(1_000, { sent: 5 })).sent).toBe(0);
  });
});

describe('lag in seconds', () => {
  it('is the age of what was settled last, nothing when nothing is left, unknown before the first batch', () => {
    expect(lagSeconds(lane('a', { lagRecords: 5, lastSettledAt: 1_000, freshnessSeconds: 0.5 }), 3_000)).toBe(2.5);
    expect(lagSeconds(lane('a', { lagRecords: 0, lastSettledAt: 1_000 }), 3_000)).toBe(0);
    expect(lagSeconds(lane('a', { lagRecords: 5 }), 3_000)).toBeNull();
    expect(lagSeconds(lane('a', { lagRecords: null }), 3_000)).toBeNull();
  });
});

describe('the views', () => {
  const busy = moment(3_000, {
    sent: 50,
    lanes: [lane('west-east', { counts: { ...NO_COUNTS, records: 1_300, applied: 1_200, superseded: 7, rejected: 1, refused: 2 }, lagRecords: 9, freshnessSeconds: 0.25, gate: { kind: 'held', reason: 'index is write-blocked', since: 0, attempt: 3 } })],
    servers: [{ name: 'kafka-west', state: 'dead', url: '' }],
    processes: [{ name: 'ingest', state: 'running' }],
  });

  it('show a held lane with its reason, counts, servers and processes', () => {
    const screen = screenOf(busy, ratesBetween(null, busy));
    for (const part of ['50 of 100', 'west-east', 'held', 'index is write-blocked', '1,200', '0.25', 'kafka-west (dead)', 'ingest', '4 in the failure index']) expect(screen).toContain(part);
  });

  it('say the same on one line', () => {
    const line = plainLineOf(busy, ratesBetween(null, busy));
    expect(line).not.toContain('\n');
    for (const part of ['sent 50 of 100', 'west-east', 'held: index is write-blocked', 'lag 9', 'fresh 0.25 s', 'applied 1,200', 'rejected 3']) expect(line).toContain(part);
  });
});
