import type { LaneStatus } from '../indexing/status.ts';
import type { Clock } from '../ports/clock.ts';
import { SluiceError } from '../domain/errors.ts';
import type { SearchCluster } from '../ports/search-index.ts';
import type { Screen } from './screen.ts';
import { plainLineOf, ratesBetween, screenOf, type Moment } from './view.ts';

const REDRAW_MS = 500;
const LINE_MS = 3_000;
/** Rates are taken over this much time, so that they can be read. */
const RATE_SPAN_MS = 2_000;
const STATUS_TIMEOUT_MS = 2_000;

/** Shows what happens until the signal is aborted. Never rejects for a process that does not answer: it keeps its last state. */
export async function watch(look: () => Promise<Moment>, screen: Screen, clock: Clock, signal: AbortSignal): Promise<void> {
  const recent: Moment[] = [];
  let said = '';
  while (!signal.aborted) {
    const moment = await look();
    const rates = ratesBetween(recent[0] ?? null, moment);
    if (screen.live) screen.draw(screenOf(moment, rates));
    else said = sayNews(screen, plainLineOf(moment, rates), said);
    recent.push(moment);
    while (recent.length > 1 && moment.at - (recent[1]?.at ?? 0) >= RATE_SPAN_MS) recent.shift();
    await clock.sleep(screen.live ? REDRAW_MS : LINE_MS, signal).catch(() => undefined);
  }
}

/** A line that says what the last one said is left out. */
function sayNews(screen: Screen, line: string, said: string): string {
  if (line !== said) screen.say(line);
  return line;
}

/** The lane states that a process serves at `/status`; `last` where it does not answer. */
export async function lanesAt(url: string, last: readonly LaneStatus[]): Promise<readonly LaneStatus[]> {
  try {
    const answer = await fetch(`${url}/status`, { signal: AbortSignal.timeout(STATUS_TIMEOUT_MS) });
    const { parts } = (await answer.json()) as { parts: Record<string, LaneStatus> };
    return Object.values(parts);
  } catch {
    // A process that has just ended is reported as such elsewhere.
    return last;
  }
}

/** Counts the documents of a region's failure index; null while it cannot be asked. */
export function failureCounter(search: SearchCluster, prefix: string): () => Promise<number | null> {
  return async () => {
    try {
      const { body } = await search.call('GET', `/${prefix}sluice-failures/_count`, undefined, { timeoutMs: STATUS_TIMEOUT_MS });
      return Number(body['count']);
    } catch (error) {
      if (error instanceof SluiceError) return null;
      throw error;
    }
  };
}
