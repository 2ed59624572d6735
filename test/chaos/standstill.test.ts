import { expect, test } from 'vitest';
import { StandstillClock } from './standstill.ts';

test('a reader that has not begun does not stand still', () => {
  const clock = new StandstillClock();
  for (const second of [0, 40, 50]) clock.measured(new Map([['starting', { behind: 5, done: 0 }]]), second * 1_000);
  clock.measured(new Map([['starting', { behind: 5, done: 1 }]]), 60_000);
  clock.measured(new Map([['starting', { behind: 5, done: 1 }]]), 65_000);
  expect(clock.longest()).toEqual({ seconds: 5, reader: 'starting' });
});

test('only a reader that has work and does not move stands still', () => {
  const clock = new StandstillClock();
  const at = (seconds: number, working: number, idle: number): void => clock.measured(new Map([['working', { behind: 5, done: working }], ['idle', { behind: 0, done: idle }]]), seconds * 1_000);
  at(0, 1, 7);
  at(60, 2, 7);
  expect(clock.longest()).toEqual({ seconds: 0, reader: null });
  at(64, 2, 7);
  at(72.5, 2, 7);
  at(80, 3, 7);
  at(84, 3, 7);
  expect(clock.longest()).toEqual({ seconds: 12.5, reader: 'working' });
});
