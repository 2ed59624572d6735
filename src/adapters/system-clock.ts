import type { Clock } from '../ports/clock.ts';

/** The machine's own time. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  // A lane sleeps and is woken hundreds of times a second: the timers of node:timers/promises make two errors at each waking.
  sleep: (ms, signal) => new Promise((resolve, reject) => {
    if (signal?.aborted === true) return reject(signal.reason as Error);
    const wake = (): void => {
      clearTimeout(timer);
      reject(signal?.reason as Error);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', wake);
      resolve();
    }, ms);
    signal?.addEventListener('abort', wake, { once: true });
  }),
};
