import { constants } from 'node:buffer';
import type { Operation } from '../domain/envelope.ts';
import type { Clock } from '../ports/clock.ts';
import type { BulkSink } from '../ports/search-index.ts';
import { readReply, type Reply } from './bulk-reply.ts';
import type { Gate, Trouble } from './gate.ts';
import { UNSHADOWED } from './newest.ts';
import type { Flaw } from './precheck.ts';

/** Operations that are ready to be sent: bytes and positions, nothing else. */
export interface Load {
  readonly count: number;
  /** The whole request body, `length` bytes of it in use. */
  readonly body: Buffer;
  readonly length: number;
  operationOf(at: number): Operation;
  /** The lines of one operation inside `body`. */
  lines(at: number): Buffer;
  /** Operations that a newer one of the same document in this load makes needless, unless that one is rejected. */
  readonly shadows: number;
  /** Position of that newer operation; UNSHADOWED (-1) where there is none. */
  winnerOver(at: number): number;
}

/** After so many requests without a 413 the limit is raised a little, since what caused it may be gone. */
const RAISE_AFTER = 200;
const RAISE_BY = 1.25;

/** The largest request body that the cluster is known to take, learned from 413s; shared by all that send to it. */
export class BodyLimit {
  #bytes = constants.MAX_LENGTH;
  #taken = 0;

  get bytes(): number { return this.#bytes; }

  /** A body of so many bytes was refused. */
  refused(bytes: number): void {
    this.#bytes = Math.min(this.#bytes, bytes - 1);
    this.#taken = 0;
  }

  /** A request was taken. */
  took(): void {
    this.#taken += 1;
    if (this.#taken < RAISE_AFTER) return;
    this.#bytes = Math.min(constants.MAX_LENGTH, Math.ceil(this.#bytes * RAISE_BY));
    this.#taken = 0;
  }
}

/** One request that was answered; times are monotonic, ms. */
export interface Sent {
  readonly operations: number;
  readonly sentAt: number;
  readonly answeredAt: number;
}

export interface DeliverTools {
  readonly sink: BulkSink;
  readonly gate: Gate;
  readonly limit: BodyLimit;
  readonly clock: Clock;
  readonly timeoutMs: number;
  /** Goes with each request, so that the cluster's own logs tell the trace. */
  readonly traceparent?: string;
  /** What a rejected operation means: an outcome, or (bookkeeping must be written) trouble that holds; one that is too large is an outcome either way. */
  readonly rejected: 'outcome' | 'hold';
  /** Waits until a request of so many operations and bytes may be sent. */
  readonly pace?: (operations: number, bytes: number, signal: AbortSignal) => Promise<void>;
  readonly onReply?: (reply: Reply, request: Sent) => void;
  /** Told of each operation that a newer or equal version was there for, by its position in the load. */
  readonly onSuperseded?: (position: number) => void;
  /** Tried before a held load is sent again (a missing index is created anew); what still stands in the way, or null. */
  readonly recover?: () => Promise<Trouble | null>;
}

/** What became of every operation of a load: all are done, one way or another. */
export interface Delivery {
  readonly applied: number;
  /** `shadowed` of them were never sent: a newer operation of the same document stood in the same load. */
  readonly superseded: number;
  readonly shadowed: number;
  /** Rejected operations by position, with the reason. */
  readonly rejected: ReadonlyMap<number, Flaw>;
  /** Sendings of operations that were repeated because of the cluster. */
  readonly retried: number;
  /** How often each operation was sent that was sent more than once, by position. */
  readonly attempts: ReadonlyMap<number, number>;
  readonly requests: number;
  /** Waiting for the gate and for the pace. */
  readonly gateMs: number;
  readonly bulkMs: number;
}

interface Segment {
  /** Positions in the load; null for all. */
  readonly positions: readonly number[] | null;
  readonly detail: 'terse' | 'full';
}

class Tally implements Delivery {
  held = false;
  applied = 0;
  superseded = 0;
  shadowed = 0;
  readonly rejected = new Map<number, Flaw>();
  retried = 0;
  readonly attempts = new Map<number, number>();
  requests = 0;
  gateMs = 0;
  bulkMs = 0;
}

/**
 * Sends a load until every operation is applied, superseded or rejected: only what must be sent again is, a refused
 * request is halved until the poison stands alone, and the gate paces it all. Rejects only when aborted; then what was
 * done is unknown, and sending it all again is harmless.
 */
export async function deliver(load: Load, tools: DeliverTools, signal: AbortSignal): Promise<Delivery> {
  const tally = new Tally();
  await send(load, load.shadows === 0 ? null : positionsWhere(load, (at) => load.winnerOver(at) === UNSHADOWED), tools, tally, signal);
  if (load.shadows === 0) return tally;
  const needed = positionsWhere(load, (at) => tally.rejected.has(load.winnerOver(at)));
  tally.shadowed = load.shadows - needed.length;
  tally.superseded += tally.shadowed;
  await send(load, needed, tools, tally, signal);
  return tally;
}

async function send(load: Load, positions: readonly number[] | null, tools: DeliverTools, tally: Tally, signal: AbortSignal): Promise<void> {
  const segments: Segment[] = load.count === 0 || positions?.length === 0 ? [] : [{ positions, detail: 'terse' }];
  for (let segment = segments.shift(); segment !== undefined; segment = segments.shift()) {
    const halves = load.length > tools.limit.bytes ? splitBySize(load, segment, tools.limit.bytes) : null;
    if (halves !== null) segments.unshift(...halves);
    else segments.unshift(...(await attempt(load, segment, tools, tally, signal)));
  }
}

function positionsWhere(load: Load, holds: (at: number) => boolean): number[] {
  return Array.from({ length: load.count }, (_, at) => at).filter(holds);
}

/** One request; returns what is left to send of the segment, in order. */
async function attempt(load: Load, segment: Segment, tools: DeliverTools, tally: Tally, signal: AbortSignal): Promise<Segment[]> {
  const asked = tools.clock.monotonic();
  return await tools.gate.through(signal, async () => {
    const obstacle = tally.held && tools.recover !== undefined ? await tools.recover() : null;
    if (obstacle !== null) return { result: [segment], trouble: obstacle };
    const body = bodyOf(load, segment);
    const operations = countOf(load, segment);
    await tools.pace?.(operations, body.length, signal);
    const sent = tools.clock.monotonic();
    const positionAt = (at: number) => segment.positions?.[at] ?? at;
    const answer = await tools.sink.bulk({ body, detail: segment.detail, timeoutMs: tools.timeoutMs, signal, ...(tools.traceparent !== undefined && { traceparent: tools.traceparent }) });
    signal.throwIfAborted();
    const reply = readReply(answer, operations, (at) => load.operationOf(positionAt(at)));
    const answered = tools.clock.monotonic();
    tally.requests += 1;
    tally.gateMs += sent - asked;
    tally.bulkMs += answered - sent;
    tools.onReply?.(reply, { operations, sentAt: sent, answeredAt: answered });
    const { rest, trouble } = digest(load, segment, reply, body.length, tools, tally);
    tally.held = trouble?.kind === 'hold';
    return { result: rest, trouble };
  });
}

interface Digest { readonly rest: Segment[]; readonly trouble: Trouble | null }

/** Books what is done and says what is left. */
function digest(load: Load, segment: Segment, reply: Reply, bytes: number, tools: DeliverTools, tally: Tally): Digest {
  switch (reply.request) {
    case 'items':
      tools.limit.took();
      return digestItems(load, segment, reply, tools, tally);
    case 'retry':
    case 'hold':
      tally.retried += countOf(load, segment);
      countAgain(tally, positionsOf(load, segment));
      return { rest: [segment], trouble: { kind: reply.request, reason: textOf(reply.flaw) } };
    case 'bisect-size':
      tools.limit.refused(bytes);
      return bisect(load, segment, reply, tools, tally);
    case 'bisect':
      return bisect(load, segment, reply, tools, tally);
    default:
      throw new Error(`no such request outcome: ${String(reply.request satisfies never)}`);
  }
}

function bisect(load: Load, segment: Segment, reply: Reply, tools: DeliverTools, tally: Tally): Digest {
  const positions = positionsOf(load, segment);
  if (positions.length > 1) return { rest: halve(positions, segment.detail), trouble: null };
  const flaw = reply.flaw ?? { type: 'request_refused', reason: 'the request was refused' };
  if (tools.rejected === 'hold' && reply.request !== 'bisect-size') return { rest: [segment], trouble: { kind: 'hold', reason: textOf(flaw) } };
  tally.rejected.set(positions[0] as number, flaw);
  return { rest: [], trouble: null };
}

function digestItems(load: Load, segment: Segment, reply: Reply, tools: DeliverTools, tally: Tally): Digest {
  const count = countOf(load, segment);
  if (reply.outcomes === null) {
    tally.applied += count;
    return { rest: [], trouble: null };
  }
  const again: number[] = [];
  const explain: number[] = [];
  let trouble: Trouble | null = null;
  for (let at = 0; at < count; at += 1) {
    const position = segment.positions?.[at] ?? at;
    const outcome = reply.outcomes[at];
    if (outcome === 'applied') tally.applied += 1;
    else if (outcome === 'superseded') {
      tally.superseded += 1;
      tools.onSuperseded?.(position);
    }
    else if (outcome === 'rejected' && segment.detail === 'terse') explain.push(position);
    else if (outcome === 'rejected' && tools.rejected === 'outcome') tally.rejected.set(position, flawAt(reply, at));
    else {
      again.push(position);
      trouble = worse(trouble, { kind: outcome === 'retry' ? 'retry' : 'hold', reason: textOf(flawAt(reply, at)) });
    }
  }
  tally.retried += again.length;
  countAgain(tally, again);
  countAgain(tally, explain);
  const rest: Segment[] = [];
  if (explain.length > 0) rest.push({ positions: explain, detail: 'full' });
  if (again.length > 0) rest.push({ positions: again, detail: segment.detail });
  return { rest, trouble };
}

function countAgain(tally: Tally, positions: readonly number[]): void {
  for (const at of positions) tally.attempts.set(at, (tally.attempts.get(at) ?? 1) + 1);
}

function worse(known: Trouble | null, next: Trouble): Trouble {
  return known === null || (known.kind === 'retry' && next.kind === 'hold') ? next : known;
}

function splitBySize(load: Load, segment: Segment, limit: number): Segment[] | null {
  const positions = positionsOf(load, segment);
  const bytes = segment.positions === null ? load.length : positions.reduce((sum, at) => sum + load.lines(at).length, 0);
  return bytes > limit && positions.length > 1 ? halve(positions, segment.detail) : null;
}

function halve(positions: readonly number[], detail: Segment['detail']): Segment[] {
  const middle = positions.length >> 1;
  return [{ positions: positions.slice(0, middle), detail }, { positions: positions.slice(middle), detail }];
}

function positionsOf(load: Load, segment: Segment): readonly number[] {
  return segment.positions ?? Array.from({ length: load.count }, (_, at) => at);
}

function countOf(load: Load, segment: Segment): number {
  return segment.positions?.length ?? load.count;
}

function bodyOf(load: Load, segment: Segment): Buffer {
  if (segment.positions === null) return load.body.subarray(0, load.length);
  return Buffer.concat(segment.positions.map((at) => load.lines(at)));
}

function flawAt(reply: Reply, at: number): Flaw {
  return reply.flaws.get(at) ?? { type: 'unknown', reason: '' };
}

function textOf(flaw: Flaw | null): string {
  return flaw === null ? 'no reason given' : `${flaw.type}: ${flaw.reason}`;
}
