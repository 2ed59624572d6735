import { describe, expect, it } from 'vitest';
import { SluiceError } from '../../src/domain/errors.ts';
import { readStates, tellState, type StateNote } from '../../src/monitor/state-notes.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { MemoryLog } from '../support/memory-log.ts';
import { until } from '../support/until.ts';

const TOPIC = 'sluice.state';

function tellerOf(log: MemoryLog, clock: ManualClock, problems: string[] = []) {
  const stop = new AbortController();
  const state: { state: string; reason: string | null } = { state: 'running', reason: null };
  const telling = tellState({ log, topic: TOPIC, clock, code: '1.2.3', read: () => [{ lane: 'west-east', host: 'h1', ...state }], onProblem: (problem) => problems.push(problem) }, stop.signal);
  return { state, end: async () => { stop.abort(); await telling; } };
}

async function notesIn(log: MemoryLog): Promise<StateNote[]> {
  return log.records(TOPIC).map((record) => JSON.parse(String(record.value)) as StateNote);
}

describe('state notes', () => {
  it('tell a change with its reason within a second, and since when it stands', async () => {
    const [log, clock] = [new MemoryLog(), new ManualClock()];
    log.createTopic(TOPIC);
    const teller = tellerOf(log, clock);
    await until(async () => expect(await notesIn(log)).toHaveLength(1));
    Object.assign(teller.state, { state: 'held', reason: 'write block' });
    await clock.advance(1_000);
    await until(async () => expect(await notesIn(log)).toHaveLength(2));
    const held = clock.now();
    await clock.advance(10_000);
    await until(async () => expect((await notesIn(log)).length).toBeGreaterThan(2));
    expect((await readStates(log, TOPIC))).toEqual([{ lane: 'west-east', host: 'h1', state: 'held', reason: 'write block', since: held, at: expect.any(Number) as number, startedAt: expect.any(Number) as number, code: '1.2.3' }]);
    Object.assign(teller.state, { state: 'stopped', reason: null });
    await teller.end();
    expect((await readStates(log, TOPIC))[0]).toMatchObject({ state: 'stopped' });
  });

  it('say the same beginning, whoever of a process tells them', async () => {
    const [log, clock, stop] = [new MemoryLog(), new ManualClock(), new AbortController()];
    log.createTopic(TOPIC);
    const teller = () => tellState({ log, topic: TOPIC, clock, code: '1', startedAt: 7, read: () => [{ lane: 'ingest:west', host: 'h1', state: 'joined', reason: null }], onProblem: () => {} }, stop.signal);
    const first = teller();
    await clock.advance(3_000);
    const second = teller();
    await until(async () => expect((await notesIn(log)).map(({ startedAt }) => startedAt)).toEqual([7, 7]));
    stop.abort();
    await Promise.all([first, second]);
  });

  it('are not told over and over while nothing changes', async () => {
    const [log, clock] = [new MemoryLog(), new ManualClock()];
    log.createTopic(TOPIC);
    const teller = tellerOf(log, clock);
    for (let second = 0; second < 9; second += 1) await clock.advance(1_000);
    expect(await notesIn(log)).toHaveLength(1);
    await teller.end();
  });

  it('are told again at their time, however the wall clock jumps', async () => {
    const [log, clock] = [new MemoryLog(), new ManualClock()];
    log.createTopic(TOPIC);
    const teller = tellerOf(log, clock);
    await clock.advance(1_000);
    clock.setWall(clock.now() - 86_400_000);
    await clock.advance(10_000);
    expect(await notesIn(log)).toHaveLength(2);
    await teller.end();
  });

  it('survive a log that does not answer', async () => {
    const [log, clock, problems] = [new MemoryLog(), new ManualClock(), [] as string[]];
    log.createTopic(TOPIC);
    log.failProduce(new SluiceError('KAFKA_UNAVAILABLE', 'down'));
    const teller = tellerOf(log, clock, problems);
    await until(() => expect(problems).toEqual(['down']));
    log.failProduce(null);
    await clock.advance(1_000);
    await until(async () => expect(await notesIn(log)).toHaveLength(1));
    await teller.end();
  });
});
