import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/adapters/system-clock.ts';
import { SluiceError } from '../../src/domain/errors.ts';
import { followPolicies, policyTopicOf, setPolicy } from '../../src/policy/policy-topic.ts';
import { effectiveRate, rateKey, readRatePolicy, writeRatePolicy, type RatePolicy } from '../../src/policy/rate-policy.ts';
import { readRates, writeRate } from '../../src/policy/rates.ts';
import type { RecordLog } from '../../src/ports/record-log.ts';
import { MemoryLog } from '../support/memory-log.ts';
import { until } from '../support/until.ts';

const TOPIC = policyTopicOf('');
const POLICY: RatePolicy = { documentsPerSecond: 5_000, bytesPerSecond: null, searchFactor: 1.5, at: 1_795_000_000_000, by: 'ann' };

function logWithTopic(): MemoryLog {
  const log = new MemoryLog();
  log.createTopic(TOPIC, 1);
  return log;
}

describe('policies of a topic', () => {
  const told: [string, string | null][] = [];
  let caughtUp = 0;
  let ended = new AbortController();
  let following = Promise.resolve();

  function follow(log: RecordLog): void {
    following = followPolicies({ log, topic: TOPIC, clock: systemClock, onPolicy: (key, value) => void told.push([key, value?.toString() ?? null]), onCaughtUp: () => { caughtUp += 1; }, onProblem: () => undefined }, ended.signal);
  }

  beforeEach(() => { told.length = 0; caughtUp = 0; ended = new AbortController(); });
  afterEach(async () => { ended.abort(); await following; });

  it('are told as they stand, then as they change', async () => {
    const log = logWithTopic();
    await setPolicy(log, TOPIC, 'a', Buffer.from('1'));
    follow(log);
    await until(() => expect(caughtUp).toBe(1));
    expect(told).toEqual([['a', '1']]);
    await setPolicy(log, TOPIC, 'a', Buffer.from('2'));
    await setPolicy(log, TOPIC, 'a', null);
    await until(() => expect(told.slice(1)).toEqual([['a', '2'], ['a', null]]));
    expect(caughtUp).toBe(1);
  });

  it('are none where nothing was ever set', async () => {
    follow(logWithTopic());
    await until(() => expect(caughtUp).toBe(1));
    expect(told).toEqual([]);
  });

  it('are none where there is no such topic', async () => {
    follow(new MemoryLog());
    await until(() => expect(caughtUp).toBeGreaterThan(0));
  });
});

describe('the rate of a region', () => {
  it('is read as it was written', () => {
    expect(readRatePolicy(writeRatePolicy(POLICY))).toEqual({ policy: POLICY });
  });

  it.each(['no JSON', '{}', '{"documentsPerSecond":-1,"bytesPerSecond":null,"searchFactor":null,"at":1,"by":"x"}', '{"documentsPerSecond":1,"bytesPerSecond":null,"searchFactor":0.9,"at":1,"by":"x"}'])('is a problem where it is %s', (text) => {
    expect(readRatePolicy(Buffer.from(text))).toHaveProperty('problem');
  });

  it('falls back on the configuration where the policy says nothing', () => {
    const configured = { documentsPerSecond: 100, bytesPerSecond: 9, searchFactor: 2 };
    expect(effectiveRate({ documentsPerSecond: 0, bytesPerSecond: null, searchFactor: null }, configured)).toEqual({ documentsPerSecond: 0, bytesPerSecond: 9, searchFactor: 2 });
    expect(effectiveRate(null, configured)).toEqual(configured);
  });

  it('is told to the lanes of every region, and read back from each', async () => {
    const logs = new Map([['west', logWithTopic()], ['east', logWithTopic()]]);
    expect(await writeRate(logs, '', 'west', POLICY)).toEqual([{ source: 'west', problem: null }, { source: 'east', problem: null }]);
    const rates = await readRates(logs, '');
    expect(rates.filter(({ policy }) => policy !== null)).toEqual([{ destination: 'west', source: 'west', policy: POLICY, problem: null }, { destination: 'west', source: 'east', policy: POLICY, problem: null }]);
    await writeRate(logs, '', 'west', null);
    expect((await readRates(logs, '')).every(({ policy }) => policy === null)).toBe(true);
  });

  it('reaches one region though another is away', async () => {
    const east = { producer: () => ({ send: () => Promise.reject(new SluiceError('KAFKA_UNAVAILABLE', 'away')), close: async () => undefined }) } as unknown as RecordLog;
    const written = await writeRate(new Map<string, RecordLog>([['west', logWithTopic()], ['east', east]]), '', 'west', POLICY);
    expect(written).toEqual([{ source: 'west', problem: null }, { source: 'east', problem: expect.stringContaining('away') as string }]);
  });

  it('that cannot be read is told as such', async () => {
    const log = logWithTopic();
    await setPolicy(log, TOPIC, rateKey('west'), Buffer.from('{}'));
    expect(await readRates(new Map([['west', log]]), '')).toEqual([{ destination: 'west', source: 'west', policy: null, problem: expect.stringContaining('unreadable') as string }]);
  });
});
