import { SluiceError, messageOf } from '../domain/errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { Json, SearchAdmin } from '../ports/search-index.ts';
import type { RateControl } from './rate-control.ts';
import type { SearchGuard, SearchReading } from './search-guard.ts';

const READING_PATH = '/_nodes/stats/indices,thread_pool,indexing_pressure?filter_path=nodes.*.indices.search.query_total,nodes.*.indices.search.query_time_in_millis,nodes.*.thread_pool.search.queue,nodes.*.thread_pool.search.threads,nodes.*.thread_pool.search.rejected,nodes.*.indexing_pressure.memory.current.all_in_bytes,nodes.*.indexing_pressure.memory.limit_in_bytes';

/** The second reading comes soon after the first: before it, little is sent. */
const FIRST_INTERVAL_MS = 500;
/** A cluster under load answers late: that is when it must be heard, ms. */
const READING_TIMEOUT_MS = 10_000;

export interface GuardSearchOptions {
  readonly cluster: SearchAdmin;
  readonly clock: Clock;
  readonly guard: SearchGuard;
  readonly control: RateControl;
  readonly intervalMs: number;
  readonly onProblem: (message: string) => void;
}

/** Reads what the cluster tells of its searches at every interval, and limits the lane by it, until the signal fires. A cluster that does not answer leaves the limit as it is; one that never did is not guarded. */
export async function guardSearch(options: GuardSearchOptions, signal: AbortSignal): Promise<void> {
  const { cluster, clock, guard, control, intervalMs, onProblem } = options;
  let last = { at: clock.monotonic(), sent: control.sent };
  for (let readings = 0; !signal.aborted; await clock.sleep(readings === 1 ? Math.min(FIRST_INTERVAL_MS, intervalMs) : intervalMs, signal).catch(() => undefined)) {
    if (guard.off) continue;
    try {
      const reading = readingOf((await cluster.call('GET', READING_PATH, undefined, { timeoutMs: READING_TIMEOUT_MS, signal })).body);
      const now = { at: clock.monotonic(), sent: control.sent };
      const seconds = Math.max(1, now.at - last.at) / 1_000;
      guard.observe(reading, { seconds, sent: (now.sent - last.sent) / seconds, now: clock.now() });
      readings += 1;
      last = now;
      control.guard(guard.limit);
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof SluiceError)) throw error;
      if (readings === 0) control.guard(null);
      onProblem(messageOf(error));
    }
  }
}

interface NodeStats {
  readonly indices?: { readonly search?: { readonly query_total?: number; readonly query_time_in_millis?: number } };
  readonly thread_pool?: { readonly search?: { readonly queue?: number; readonly threads?: number; readonly rejected?: number } };
  readonly indexing_pressure?: { readonly memory?: { readonly current?: { readonly all_in_bytes?: number }; readonly limit_in_bytes?: number } };
}

function readingOf(body: Json): SearchReading {
  const nodes = Object.values((body['nodes'] ?? {}) as Record<string, NodeStats>);
  const sum = (read: (node: NodeStats) => number | undefined) => nodes.reduce((total, node) => total + (read(node) ?? 0), 0);
  return {
    queries: sum((node) => node.indices?.search?.query_total),
    queryMs: sum((node) => node.indices?.search?.query_time_in_millis),
    queued: sum((node) => node.thread_pool?.search?.queue),
    threads: sum((node) => node.thread_pool?.search?.threads),
    turnedAway: sum((node) => node.thread_pool?.search?.rejected),
    pressure: Math.max(0, ...nodes.map(({ indexing_pressure: held }) => (held?.memory?.current?.all_in_bytes ?? 0) / (held?.memory?.limit_in_bytes ?? Number.POSITIVE_INFINITY))),
  };
}
