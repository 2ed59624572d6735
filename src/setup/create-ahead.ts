import { indexNamesBetween, type Period } from '../domain/index-name.ts';
import type { Clock } from '../ports/clock.ts';
import type { IndexKeeper } from './ensure-indices.ts';

/** An index family with the period of its dates. */
export interface DatedFamily {
  /** Name with prefix, without date. */
  readonly name: string;
  readonly period: Period;
}

/** How many periods around the present one. */
export interface Span {
  readonly ahead: number;
  readonly behind: number;
}

const DAY_MS = 86_400_000;
const RETRY_MS = 60_000;

/** The indices of the present period, of those that come and of those just past. `now` in epoch ms. */
export function createAhead(now: number, { ahead, behind }: Span, families: readonly DatedFamily[]): string[] {
  return families.flatMap(({ name, period }) => indexNamesBetween(name, period, startOf(period, now, -behind), startOf(period, now, ahead)));
}

/** Beginning of the period that lies `away` periods from the one that holds `time` (UTC). */
function startOf(period: Period, time: number, away: number): number {
  const date = new Date(time);
  const [year, month, day] = [date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()];
  switch (period) {
    case 'day':
      return Date.UTC(year, month, day + away);
    case 'month':
      return Date.UTC(year, month + away, 1);
    case 'year':
      return Date.UTC(year + away, 0, 1);
  }
}

export interface KeepAheadOptions {
  readonly clock: Clock;
  readonly keeper: IndexKeeper;
  readonly span: Span;
  readonly families: readonly DatedFamily[];
  /** Told of each round: the names created, or the error, after which the next try comes in a minute. */
  readonly onRound: (round: { readonly created: readonly string[] } | { readonly error: unknown }) => void;
}

/** Creates indices ahead once a day until the signal fires. Never rejects. */
export async function keepAhead(options: KeepAheadOptions, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const done = await createOnce(options);
    await options.clock.sleep(done ? DAY_MS : RETRY_MS, signal).catch(() => undefined);
  }
}

async function createOnce({ clock, keeper, span, families, onRound }: KeepAheadOptions): Promise<boolean> {
  try {
    onRound({ created: await keeper.ensure(createAhead(clock.now(), span, families)) });
    return true;
  } catch (error) {
    onRound({ error });
    return false;
  }
}
