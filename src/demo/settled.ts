import { SluiceError } from '../domain/errors.ts';
import type { Clock } from '../ports/clock.ts';

const POLL_MS = 200;

export interface SettledOptions {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Gives up when the lag has not changed for this long, ms. */
  readonly stallMs: number;
}

/** Resolves when `lag` (records not committed yet) is zero; rejects with STACK_FAILED when it does not move any more. */
export async function untilSettled(what: string, lag: () => Promise<number>, { clock, signal, stallMs }: SettledOptions): Promise<void> {
  let last = Number.NaN;
  let movedAt = clock.monotonic();
  for (;;) {
    signal.throwIfAborted();
    const now = await lag();
    if (now === 0) return;
    if (now !== last) movedAt = clock.monotonic();
    last = now;
    if (clock.monotonic() - movedAt > stallMs) throw new SluiceError('STACK_FAILED', `${what} is ${now} records behind and has not moved for ${Math.round(stallMs / 1_000)} s`);
    await clock.sleep(POLL_MS, signal);
  }
}
