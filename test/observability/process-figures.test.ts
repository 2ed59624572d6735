import { expect, it } from 'vitest';
import { measureProcess } from '../../src/observability/process-figures.ts';

const MOST_LOOKS = 20;

it('tells of memory, disk and a loop that was blocked, and forgets the block afterwards', async () => {
  const read = measureProcess();
  await pause(250);
  const until = performance.now() + 400;
  while (performance.now() < until) continue;
  await pause(250);
  const first = read();
  expect(first.loopMs).toBeGreaterThan(200);
  expect(first.memoryBytes).toBeGreaterThan(10_000_000);
  for (const share of [first.memoryShare, first.diskShare ?? 0.5]) expect(share > 0 && share < 1).toBe(true);
  let { loopMs } = first;
  // A machine that others use may block it once more, but not each time.
  for (let look = 0; look < MOST_LOOKS && loopMs >= first.loopMs; look += 1) {
    await pause(250);
    ({ loopMs } = read());
  }
  expect(loopMs).toBeLessThan(first.loopMs);
});

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => { setTimeout(resolve, ms); });
}
