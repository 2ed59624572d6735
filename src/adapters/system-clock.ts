import type { Clock } from '../ports/clock.ts';

/** The longest span of a timer; a longer one would fire at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** The machine's own time. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  // A lane sleeps and is woken hundreds of times a second: the timers of node:timers/promises make two errors at each waking.
  sleep: (ms, signal) => new Promise((resolve, reject) => {
    if (signal?.aborted === true) return reject(signal.reason as Error);
    let left = ms;
    const wake = (): void => {
      clearTimeout(timer);
      reject(signal?.reason as Error);
    };
    const next = (): void => {
      left -= LONGEST_TIMER_MS;
      if (left > 0) {
        timer = setTimeout(next, Math.min(left, LONGEST_TIMER_MS));
        return;
      }
      signal?.removeEventListener('abort', wake);
      resolve();
    };
    let timer = setTimeout(next, Math.min(ms, LONGEST_TIMER_MS));
    signal?.addEventListener('abort', wake, { once: true });
  }),
};
