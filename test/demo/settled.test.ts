import { expect, it } from 'vitest';
import { untilSettled } from '../../src/demo/settled.ts';

function options(signal = new AbortController().signal) {
  let now = 0;
  const clock = { now: () => now, monotonic: () => now, sleep: (ms: number) => { now += ms; return Promise.resolve(); } };
  return { clock, signal, stallMs: 10_000 };
}

it('waits until nothing is left, however long it takes while it moves', async () => {
  let left = 1_000;
  await untilSettled('indexing', () => Promise.resolve(left--), options());
  expect(left).toBe(-1);
});

it('gives up when nothing moves, and says how much is left', async () => {
  await expect(untilSettled('indexing', () => Promise.resolve(7), options())).rejects.toThrow('indexing is 7 records behind and has not moved for 10 s');
});

it('ends with the reason of the run when that is stopped', async () => {
  await expect(untilSettled('indexing', () => Promise.resolve(7), options(AbortSignal.abort(new Error('a server died'))))).rejects.toThrow('a server died');
});
