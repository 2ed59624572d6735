import { expect, it } from 'vitest';
import { SluiceError } from '../../src/domain/errors.ts';
import { Question } from '../../src/monitor/observe/question.ts';
import { ManualClock } from '../support/manual-clock.ts';

it('a cluster that hangs is asked once, and each look waits no longer than the time-out', async () => {
  const clock = new ManualClock();
  const answer = Promise.withResolvers<number>();
  let asked = 0;
  const question = new Question({ clock, timeoutMs: 4_000, ask: () => { asked += 1; return answer.promise; } });
  for (let look = 0; look < 3; look += 1) {
    const told = question.ask();
    await clock.advance(4_000);
    expect(await told).toEqual({ value: null, problem: 'no answer within 4000 ms' });
  }
  expect(asked).toBe(1);
  answer.resolve(7);
  expect(await question.ask()).toEqual({ value: 7, problem: null });
  expect(clock.sleepers).toBe(0);
});

it('a dear answer is believed for a while, a problem is not', async () => {
  const clock = new ManualClock();
  let asked = 0;
  const question = new Question({ clock, timeoutMs: 4_000, everyMs: 10_000, ask: async () => {
    asked += 1;
    if (asked === 1) throw new SluiceError('ELASTICSEARCH_UNAVAILABLE', 'away');
    return asked;
  } });
  expect(await question.ask()).toEqual({ value: null, problem: 'away' });
  expect(await question.ask()).toEqual({ value: 2, problem: null });
  await clock.advance(9_999);
  expect((await question.ask()).value).toBe(2);
  await clock.advance(1);
  expect((await question.ask()).value).toBe(3);
});

it('a bug is no answer of a cluster', async () => {
  const question = new Question({ clock: new ManualClock(), timeoutMs: 4_000, ask: async () => { throw new TypeError('bug'); } });
  await expect(question.ask()).rejects.toThrow('bug');
});
