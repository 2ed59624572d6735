import type { Load } from './deliver.ts';
import { UNSHADOWED } from './newest.ts';

/** A document of the pipeline's own bookkeeping (failure or batch-metadata documents). */
export interface BookEntry {
  readonly index: string;
  readonly id: string;
  /** External version (external_gte); null for documents that are written once. */
  readonly version: number | null;
  readonly body: Record<string, unknown>;
}

/** A load of bookkeeping documents. */
export function loadOf(entries: readonly BookEntry[]): Load {
  const lines = entries.map((entry) => Buffer.from(`${JSON.stringify({ index: actionOf(entry) })}\n${JSON.stringify(entry.body)}\n`));
  const body = Buffer.concat(lines);
  return { count: entries.length, body, length: body.length, operationOf: () => 'index', lines: (at) => lines[at] as Buffer, shadows: 0, winnerOver: () => UNSHADOWED };
}

function actionOf(entry: BookEntry): Record<string, unknown> {
  const action = { _index: entry.index, _id: entry.id };
  return entry.version === null ? action : { ...action, version: entry.version, version_type: 'external_gte' };
}

/** The entry with half of its payload, for a cluster that takes no more; null when there is nothing left to cut. */
export function shrink(entry: BookEntry): BookEntry | null {
  const payload = entry.body['payload'];
  if (typeof payload !== 'string' || payload.length === 0) return null;
  // Multiples of four keep base64 whole; a surrogate pair cut in half would not be valid UTF-8.
  const kept = payload.slice(0, (payload.length >> 3) * 4).toWellFormed();
  return { ...entry, body: { ...entry.body, payload: kept, payload_truncated: true } };
}
