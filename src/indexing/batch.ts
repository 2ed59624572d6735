import type { Operation } from '../domain/envelope.ts';
import { isTombstone } from '../domain/fingerprint.ts';
import { keyOf, type Settlement, type Ticket } from '../domain/settlement.ts';
import type { RecordBlock } from '../ports/record-log.ts';
import type { BeatInBatch } from './heartbeats.ts';
import { Newest } from './newest.ts';
import type { Flaw } from './precheck.ts';
import type { Target } from './targets.ts';

/** What an action line holds beside its prefix and its id: `","version":` + digits + `}}\n`, and the line's end. */
const LINE_OVERHEAD = 48;
const NEWLINE = 10;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const VERSION_FIELD = Buffer.from('","version":');
const LINE_END = Buffer.from('}}\n');
const CLOSE_BRACE = Buffer.from('}');
const TOMBSTONE_FIELD = Buffer.from(',"tombstone_at":');
const TOMBSTONE_END = Buffer.from('}}');
/** Room for that field with its number. */
const TOMBSTONE_BYTES = 40;

/** Most traced records of a batch that get a span of their own. */
const MAX_TRACES = 64;

/** One operation, as it is put into a batch; buffers are views that are copied at once. */
export interface OperationInput {
  readonly operation: Operation;
  readonly target: Target;
  /** `id` holds the id's UTF-8 bytes from `idAt` to its end. */
  readonly id: Buffer;
  readonly idAt: number;
  readonly version: number;
  readonly value: Buffer | null;
  readonly sourceTime: number;
  /** When ingest made it, epoch ms. */
  readonly ingestTime: number;
}

/** A record that will not be sent: its failure document waits for the batch to settle. */
export interface Refusal {
  readonly record: RecordRef;
  readonly stage: 'envelope' | 'precheck';
  readonly flaw: Flaw;
  readonly payload: Buffer | null;
  readonly pipeline: string;
  readonly documentId: string | null;
  readonly version: number | null;
  /** Null where it is not known. */
  readonly index: string | null;
}

/** A block, with the assignment of its partition that it was received under. */
export interface Received {
  readonly block: RecordBlock;
  readonly assignment: number;
}

export interface RecordRef {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly timestamp: number;
}

/** The memory of one batch, used again for later ones: the request body, and the parallel arrays beside it. */
export class BatchPage {
  body: Buffer;
  readonly starts: Uint32Array;
  readonly documentStarts: Uint32Array;
  readonly deletes: Uint8Array;
  /** How many bytes stand behind the record's own document. */
  readonly suffixLengths: Uint16Array;
  readonly offsets: Float64Array;
  readonly timestamps: Float64Array;
  /** Position in the batch's `tickets` of the stretch that each operation came from. */
  readonly ticketOf: Uint16Array;
  readonly newest: Newest;

  constructor(bytes: number, operations: number) {
    this.body = Buffer.allocUnsafeSlow(bytes);
    this.starts = new Uint32Array(operations + 1);
    this.documentStarts = new Uint32Array(operations);
    this.deletes = new Uint8Array(operations);
    this.suffixLengths = new Uint16Array(operations);
    this.offsets = new Float64Array(operations);
    this.timestamps = new Float64Array(operations);
    this.ticketOf = new Uint16Array(operations);
    this.newest = new Newest(operations);
  }
}

/**
 * The operations of one `_bulk` request: the request body, written into its page as records arrive, and
 * beside it, in parallel arrays, where each operation lies and which record it came from.
 */
export class Batch {
  readonly id: string;
  /** Epoch ms. */
  readonly openedAt: number;
  /** The same moment on the monotonic clock, by which everything after it is measured. */
  readonly openedTick: number;
  readonly tickets: Ticket[] = [];
  readonly refusals: Refusal[] = [];
  /** `traceparent`s of the records whose traces are kept, the first of them. */
  readonly traces: string[] = [];
  readonly beats: BeatInBatch[] = [];
  /** Indices of the operations, each with a number of its own. */
  readonly #groups = new Map<Target, number>();
  /** Full, or old enough: what the input gave. */
  closedBy: 'full' | 'due' = 'due';
  count = 0;
  /** Bytes of the body written so far. */
  length = 0;
  /** Payload bytes held by refusals. */
  refusedBytes = 0;
  minSourceTime = Number.POSITIVE_INFINITY;
  maxSourceTime = Number.NEGATIVE_INFINITY;
  readonly page: BatchPage;
  readonly #suffix: Buffer;
  readonly #open = new Map<string, number>();
  #current = -1;

  constructor(id: string, opened: { readonly at: number; readonly tick: number }, page: BatchPage, suffix: Buffer) {
    this.id = id;
    this.openedAt = opened.at;
    this.openedTick = opened.tick;
    this.page = page;
    page.newest.clear();
    this.#suffix = suffix;
  }

  get indices(): string[] { return [...this.#groups.keys()].map((target) => target.index); }
  /** How many operations need not be sent, because a newer one of the same document is in the batch. */
  get shadows(): number { return this.page.newest.shadows; }
  get empty(): boolean { return this.tickets.length === 0; }
  get full(): boolean { return this.count === this.page.deletes.length; }
  get body(): Buffer { return this.page.body; }
  /** Memory that the batch holds, bytes. */
  get heldBytes(): number { return this.page.body.length + this.refusedBytes; }

  /** Whether an operation of this size still fits; a batch without operations takes any one (it grows for it). */
  fits(input: OperationInput): boolean {
    return !this.full && (this.count === 0 || this.length + this.#sizeOf(input) <= this.page.body.length);
  }

  /** From here on records of this block's partition are added; false where the assignment that they came under is over. */
  enter(settlement: Settlement, { block, assignment }: Received, first: number): boolean {
    const key = keyOf(block);
    const known = this.#open.get(key);
    if (known !== undefined && this.tickets[known]?.assignment === assignment) {
      this.#current = known;
      return true;
    }
    const ticket = settlement.open(block, first, assignment);
    if (ticket === null) return false;
    this.#current = this.tickets.push(ticket) - 1;
    this.#open.set(key, this.#current);
    return true;
  }

  /** Counts one record of the entered partition (or none: a gap) and moves its stretch up to `next`. */
  advance(next: number, records: 0 | 1): void {
    const ticket = this.tickets[this.#current] as Ticket;
    ticket.next = next;
    ticket.records += records;
  }

  /** Writes the operation's two lines. The record's partition must have been entered. */
  append(input: OperationInput, offset: number, timestamp: number): void {
    const size = this.#sizeOf(input);
    if (this.length + size > this.page.body.length) this.#grow(this.length + size);
    const at = this.count;
    this.page.starts[at] = this.length;
    this.page.deletes[at] = input.operation === 'delete' ? 1 : 0;
    this.page.offsets[at] = offset;
    this.page.timestamps[at] = timestamp;
    this.page.ticketOf[at] = this.#current;
    this.#writeAction(input, at);
    this.page.documentStarts[at] = this.length;
    if (input.operation === 'index' && input.value !== null) this.page.suffixLengths[at] = this.#writeDocument(input.value, Math.max(input.ingestTime, timestamp));
    this.count = at + 1;
    this.page.starts[at + 1] = this.length;
    if (input.sourceTime < this.minSourceTime) this.minSourceTime = input.sourceTime;
    if (input.sourceTime > this.maxSourceTime) this.maxSourceTime = input.sourceTime;
  }

  /** Notes that a record came with a trace. */
  trace(traceparent: Buffer | null): void {
    if (traceparent !== null && this.traces.length < MAX_TRACES) this.traces.push(traceparent.toString('latin1'));
  }

  refuse(refusal: Refusal): void {
    this.refusals.push(refusal);
    this.refusedBytes += refusal.payload?.length ?? 0;
  }

  operationOf(at: number): Operation { return this.page.deletes[at] === 1 ? 'delete' : 'index'; }

  winnerOver(at: number): number { return this.page.newest.winnerOver(at); }

  /** The two lines of one operation. */
  lines(at: number): Buffer { return this.page.body.subarray(this.page.starts[at], this.page.starts[at + 1]); }

  /** The document as it stood in the record: without `origin`. Empty for a delete. */
  document(at: number): Buffer {
    if (this.page.deletes[at] === 1) return Buffer.alloc(0);
    const start = this.page.documentStarts[at] as number;
    const end = (this.page.starts[at + 1] as number) - 1 - (this.page.suffixLengths[at] as number);
    return Buffer.concat([this.page.body.subarray(start, end), CLOSE_BRACE]);
  }

  action(at: number): Buffer { return this.page.body.subarray(this.page.starts[at], (this.page.documentStarts[at] as number) - 1); }

  recordOf(at: number): RecordRef {
    const ticket = this.tickets[this.page.ticketOf[at] as number] as Ticket;
    return { topic: ticket.topic, partition: ticket.partition, offset: this.page.offsets[at] as number, timestamp: this.page.timestamps[at] as number };
  }

  #sizeOf(input: OperationInput): number {
    const escapedId = 6 * (input.id.length - input.idAt);
    return input.target.deletePrefix.length + escapedId + LINE_OVERHEAD + (input.value?.length ?? 0) + this.#suffix.length + TOMBSTONE_BYTES;
  }

  #grow(bytes: number): void {
    const larger = Buffer.allocUnsafeSlow(bytes);
    this.page.body.copy(larger, 0, 0, this.length);
    this.page.body = larger;
  }

  #writeAction(input: OperationInput, at: number): void {
    const prefix = input.operation === 'index' ? input.target.indexPrefix : input.target.deletePrefix;
    this.#write(prefix, 0, prefix.length);
    const idStart = this.length;
    if (needsEscape(input.id, input.idAt)) this.length += this.page.body.write(JSON.stringify(input.id.toString('utf8', input.idAt)).slice(1, -1), this.length);
    else this.#write(input.id, input.idAt, input.id.length);
    this.page.newest.note(at, this.page.body, idStart, this.length, this.#groupOf(input.target), input.version, input.target.equalWins);
    this.#write(VERSION_FIELD, 0, VERSION_FIELD.length);
    this.length += this.page.body.write(String(input.version), this.length, 'latin1');
    this.#write(LINE_END, 0, LINE_END.length);
  }

  #groupOf(target: Target): number {
    let group = this.#groups.get(target);
    if (group === undefined) this.#groups.set(target, (group = this.#groups.size));
    return group;
  }

  /** Writes the document with its origin, a tombstone with its time: the later one of ingest's clock and the broker's, since a purge goes by it. Returns the length of what was added behind the record's bytes. */
  #writeDocument(value: Buffer, tombstoneTime: number): number {
    this.#write(value, 0, value.length - 1);
    const end = this.length;
    const from = onlySpaceAfterBrace(value) ? 1 : 0;
    if (isTombstone(value)) {
      this.#write(this.#suffix, from, this.#suffix.length - TOMBSTONE_END.length);
      this.#write(TOMBSTONE_FIELD, 0, TOMBSTONE_FIELD.length);
      this.length += this.page.body.write(String(tombstoneTime), this.length, 'latin1');
      this.#write(TOMBSTONE_END, 0, TOMBSTONE_END.length);
    } else {
      this.#write(this.#suffix, from, this.#suffix.length);
    }
    const added = this.length - end;
    this.page.body[this.length] = NEWLINE;
    this.length += 1;
    return added;
  }

  #write(from: Buffer, start: number, end: number): void {
    from.copy(this.page.body, this.length, start, end);
    this.length += end - start;
  }
}

function needsEscape(id: Buffer, from: number): boolean {
  for (let at = from; at < id.length; at += 1) {
    const byte = id[at] as number;
    if (byte < 0x20 || byte === QUOTE || byte === BACKSLASH) return true;
  }
  return false;
}

/** `{}` and `{  }`: the suffix then goes without its comma. */
function onlySpaceAfterBrace(value: Buffer): boolean {
  for (let at = value.length - 2; at > 0; at -= 1) if ((value[at] as number) > 0x20) return false;
  return true;
}
