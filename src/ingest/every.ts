import type { Clock } from '../ports/clock.ts';

/** Does something again and again with a pause between, until aborted. Rejects when the deed does. */
export async function every(pauseMs: number, clock: Clock, signal: AbortSignal, act: () => Promise<void>): Promise<void> {
  while (!signal.aborted) {
    await act();
    try {
      await clock.sleep(pauseMs, signal);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }
}
