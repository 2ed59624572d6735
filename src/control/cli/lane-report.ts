import type { StateNote } from '../../monitor/state-notes.ts';
import type { Json } from '../../ports/search-index.ts';

/** One lane as its clusters see it. */
export interface LaneReport {
  readonly lane: string;
  /** Records in the regional topics that the lane has not committed; null where it cannot be known. */
  readonly lagRecords: number | null;
  readonly lastBatch: LastBatch | null;
  /** What could not be asked; null when all is known. */
  readonly problem: string | null;
}

/** The newest document of the batch-metadata index for a lane. */
export interface LastBatch {
  readonly host: string;
  /** Epoch ms. */
  readonly endTime: number;
  readonly applied: number;
  readonly superseded: number;
  readonly rejected: number;
  readonly records: number;
}

/** Reads a batch-metadata document; null where the search found none. */
export function lastBatchOf(answer: Json): LastBatch | null {
  const [hit] = ((answer['hits'] as Json | undefined)?.['hits'] ?? []) as { readonly _source: Json }[];
  if (hit === undefined) return null;
  const { host, end_time: endTime, counts, ranges } = hit._source as { host: string; end_time: string; counts?: Record<string, number>; ranges?: { records: number }[] };
  return {
    host,
    endTime: Date.parse(endTime),
    applied: counts?.['applied'] ?? 0,
    superseded: counts?.['superseded'] ?? 0,
    rejected: counts?.['rejected'] ?? 0,
    records: (ranges ?? []).reduce((sum, range) => sum + range.records, 0),
  };
}

/** Rows of a table; `now` in epoch ms. */
export function laneRows(reports: readonly LaneReport[], now: number): (string | number)[][] {
  return reports.map(({ lane, lagRecords, lastBatch }) => {
    const lag = lagRecords ?? '?';
    if (lastBatch === null) return [lane, lag, 'none', '', '', '', '', ''];
    const { endTime, records, applied, superseded, rejected, host } = lastBatch;
    return [lane, lag, `${ageText(now - endTime)} ago`, records, applied, superseded, rejected, host];
  });
}

/** Notes older than this say that their process no longer tells anything, ms. */
const SILENT_MS = 30_000;

/** What the processes say of themselves, one row a lane and host; those that stopped long ago are left out by the caller. */
export function stateRows(states: readonly StateNote[], now: number): string[][] {
  return states.map(({ lane, host, state, reason, at, since }) => {
    const silent = state !== 'stopped' && now - at > SILENT_MS;
    return [lane, host, silent ? `silent (was ${state})` : state, ageText(now - (silent ? at : since)), reason ?? ''];
  });
}

/** `12 s`, `3 min`, `5 h`, `2 d`. */
export function ageText(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.round(seconds / 3_600)} h` : `${Math.round(seconds / 86_400)} d`;
}
