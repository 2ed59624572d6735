import type { Origin } from '../domain/origin.ts';
import type { Json } from '../ports/search-index.ts';
import type { Batch, OperationInput, RecordRef } from './batch.ts';
import type { Delivery } from './deliver.ts';
import type { Moments } from './ledger.ts';
import type { BookEntry } from './lines-load.ts';

/** Who stamps heartbeats, and when. */
export interface HeartbeatContext {
  readonly lane: string;
  readonly cluster: string;
  readonly destination: string;
  readonly host: string;
  readonly origin: Origin;
  readonly now: () => number;
}

/** A heartbeat in a batch: its operation, and its document so far. */
export interface BeatInBatch {
  readonly at: number;
  readonly index: string;
  readonly id: string;
  readonly version: number;
  readonly body: Json;
}

/** The times of a heartbeat on its way, epoch ms, in order. */
export const BEAT_TIMES = ['emitted', 'ingested', 'appended', 'consumed', 'closed', 'sent', 'answered', 'settled'] as const;
/** What lies between one time and the next. */
export const BEAT_STAGES = ['source', 'ingest', 'kafka', 'batch', 'queue', 'bulk', 'settle'] as const;

/**
 * A heartbeat as this lane sends it: stamped, and under an id of its own for each batch that carries it, so that none
 * overwrites another and what came twice can be counted. Null where the record is no heartbeat of ours.
 */
export function stamped(input: OperationInput, batchId: string, record: RecordRef, context: HeartbeatContext): { readonly input: OperationInput; readonly beat: Omit<BeatInBatch, 'at'> } | null {
  const told = parsed(input.value);
  if (told === null) return null;
  const { lane, cluster, destination, host } = context;
  const id = `${input.id.toString('utf8', input.idAt)}@${lane}@${batchId}`;
  const { timestamp, ...where } = record;
  const body = { ...told, lane, source: cluster, destination, host, batch: batchId, record: where, times: { ...(told['times'] as Json), appended: timestamp, consumed: context.now() } };
  const { deleted: _, ...rest } = body as Json;
  const value = Buffer.from(JSON.stringify({ ...rest, deleted: false }));
  return { input: { ...input, id: Buffer.from(id), idAt: 0, value }, beat: { index: input.target.index, id, version: input.version, body: { ...rest, deleted: false } } };
}

/** The heartbeats of a settled batch, whole: with every time, every stage, and how long it took from emitting to indexing. */
export function beatEntries(batch: Batch, delivery: Delivery, moments: Moments, origin: Origin): BookEntry[] {
  const wall = (tick: number) => Math.round(batch.openedAt + tick - batch.openedTick);
  return batch.beats.filter(({ at }) => !delivery.rejected.has(at)).map(({ index, id, version, body }) => {
    const times = { ...(body['times'] as Record<string, number>), closed: wall(moments.closed), sent: wall(moments.sent), answered: wall(moments.delivered), settled: wall(moments.settled) };
    return { index, id, version: version + 1, body: { ...body, times, stages: stagesOf(times), latency_ms: Math.max(0, times.answered - (times['emitted' as keyof typeof times] ?? 0)), origin } };
  });
}

/** Clocks of different hosts differ: a stage that would end before it began took no time. */
function stagesOf(times: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(BEAT_STAGES.map((stage, at) => {
    const [from, to] = [times[BEAT_TIMES[at] ?? ''] ?? 0, times[BEAT_TIMES[at + 1] ?? ''] ?? 0];
    return [`${stage}_ms`, Math.max(0, to - from)];
  }));
}

function parsed(value: Buffer | null): Json | null {
  try {
    const told: unknown = JSON.parse(value?.toString('utf8') ?? '');
    return typeof told === 'object' && told !== null && typeof (told as Json)['times'] === 'object' ? told as Json : null;
  } catch {
    return null;
  }
}
