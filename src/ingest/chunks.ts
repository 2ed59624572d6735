import type { SourceEvent } from '../domain/event.ts';
import type { RecordBlock } from '../ports/record-log.ts';
import type { Tracing } from '../ports/tracing.ts';
import type { Chunk } from './chunk.ts';
import { type EventContext, processEvent, type Route } from './process-event.ts';
import type { EventEnd, IngestRecord } from './record.ts';
import { countEnd, emptyTally } from './tally.ts';
import { beginEvent, endEvent } from './trace-event.ts';

/** Record timestamps outside of this are garbage from a producer; they would scatter failures over absurd indices. */
const FIRST_SANE_TIME = Date.UTC(2000, 0, 1);
const LAST_SANE_TIME = Date.UTC(2100, 0, 1);

export interface ChunkLimits {
  readonly records: number;
  /** Payload bytes; one larger event is still taken, alone. */
  readonly bytes: number;
}

/** Which part of a block is wanted: offsets from `from` up to, not including, `until`. */
export interface Wanted {
  readonly assignment: number;
  readonly from: number;
  readonly until: number;
}

/** Carries the wanted events of a block through to records, one bounded chunk after another, without gaps between them. */
export async function* chunksOf(block: RecordBlock, wanted: Wanted, route: Route, limits: ChunkLimits, context: EventContext): AsyncGenerator<Chunk> {
  const end = indexOf(block, wanted.until);
  const last = Math.min(wanted.until, block.nextOffset);
  let index = indexOf(block, wanted.from);
  let from = wanted.from;
  while (from < last) {
    const stop = stopOf(block, index, end, limits);
    const next = stop === end ? last : block.offset(stop);
    yield await chunkOf(block, { index, stop, from, next, assignment: wanted.assignment }, route, context);
    index = stop;
    from = next;
  }
}

/** Whether a block has records from before a position, which a partition that only grows never gives. */
export function beginsBelow(block: RecordBlock, position: number): boolean {
  return block.count > 0 && block.offset(0) < position;
}

interface Span {
  readonly index: number;
  readonly stop: number;
  readonly from: number;
  readonly next: number;
  readonly assignment: number;
}

async function chunkOf(block: RecordBlock, { index, stop, from, next, assignment }: Span, route: Route, context: EventContext): Promise<Chunk> {
  const tally = emptyTally();
  const started = context.clock.monotonic();
  const ends = new Array<EventEnd>(stop - index);
  let waiting: Promise<void>[] | null = null;
  for (let at = index; at < stop; at++) {
    const event = eventAt(block, at, route.pipeline.name);
    tally.bytes += (event.payload?.length ?? 0) + (event.key?.length ?? 0);
    const end = context.tracing === undefined ? processEvent(route, event, context) : processTraced(context.tracing, block, at, route, event, context);
    if (end instanceof Promise) (waiting ??= []).push(end.then((late) => { ends[at - index] = late; }));
    else ends[at - index] = end;
  }
  if (waiting !== null) await Promise.all(waiting);
  const records: IngestRecord[] = [];
  let bytes = 0;
  for (const end of ends) {
    countEnd(tally, end);
    if (end.kind === 'skipped') continue;
    records.push(end.record);
    bytes += end.record.bytes;
  }
  tally.ms = context.clock.monotonic() - started;
  const lastTime = stop > index ? saneTime(block.timestamp(stop - 1)) : null;
  return { topic: block.topic, partition: block.partition, assignment, from, next, records, bytes, lastTime, tally };
}

/** As `processEvent`, within a span where the event's trace is kept. */
function processTraced(tracing: Tracing, block: RecordBlock, at: number, route: Route, event: SourceEvent, context: EventContext): EventEnd | Promise<EventEnd> {
  const span = beginEvent(tracing, block, at, event);
  const end = processEvent(route, event, context);
  if (span === null) return end;
  return end instanceof Promise ? end.then((late) => endEvent(span, late)) : endEvent(span, end);
}

/** The event at an index of a block, its timestamp bounded. */
export function eventAt(block: RecordBlock, index: number, pipeline: string): SourceEvent {
  return {
    pipeline, topic: block.topic, partition: block.partition,
    offset: block.offset(index), timestamp: saneTime(block.timestamp(index)),
    key: block.key(index), payload: block.value(index),
  };
}

function saneTime(time: number): number {
  return time >= FIRST_SANE_TIME && time < LAST_SANE_TIME ? time : FIRST_SANE_TIME;
}

/** Index of the first record at or after an offset. */
function indexOf(block: RecordBlock, offset: number): number {
  let low = 0;
  let high = block.count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (block.offset(middle) < offset) low = middle + 1;
    else high = middle;
  }
  return low;
}

function stopOf(block: RecordBlock, index: number, end: number, limits: ChunkLimits): number {
  const most = Math.min(end, index + limits.records);
  let bytes = 0;
  let stop = index;
  while (stop < most) {
    bytes += block.value(stop)?.length ?? 0;
    if (bytes > limits.bytes && stop > index) break;
    stop += 1;
  }
  return stop;
}
