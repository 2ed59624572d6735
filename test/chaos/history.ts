import { generate, type Generated, type GeneratedRecord } from '../../src/inputs/generate/generate.ts';
import { Random } from '../../src/inputs/generate/random.ts';
import type { ReferenceIds } from '../../src/inputs/generate/reference.ts';
import { DirectStory } from './direct-story.ts';

/** Pipelines that a run has events for. */
export const PIPELINES: readonly Generated[] = ['sold-items', 'closed-listings'];

/** What came of a source event that was made to be unfit; such a one must end in the failure index. */
export type SourcePoison = 'null-payload' | 'oversized' | 'binary' | 'deep-json' | 'corrupt';

/** An event for a source topic. `generated` is what it stands for, null where its payload is poison. */
export interface SourceSending {
  readonly kind: 'source';
  readonly seq: number;
  readonly pipeline: Generated;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly generated: GeneratedRecord | null;
}

/** A document that another producer writes into one region's topic alone: only that region's two lanes carry it. */
export interface DirectSending {
  readonly kind: 'direct';
  readonly seq: number;
  readonly region: string;
  readonly pipeline: Generated;
  readonly key: Buffer;
  readonly value: Buffer | null;
  /** The `sluice` header; null where the record has none. */
  readonly header: Buffer | null;
  /** What it stands for; null where it is poison. */
  readonly document: DirectDocument | null;
  readonly poison: string | null;
}

export interface DirectDocument {
  readonly id: string;
  readonly version: number;
  readonly index: string;
  readonly source: Readonly<Record<string, unknown>>;
}

export type Sending = SourceSending | DirectSending;

export interface HistoryOptions {
  readonly seed: number;
  readonly count: number;
  readonly regions: readonly string[];
}

const DIRECT_SHARE = 0.12;
const ECHO_SHARE = 0.03;
const ODD_POISON_SHARE = 0.002;
const GENERATOR = { corrupt: 0.02, duplicates: 0.02, late: 0.05 };
/** Days of the generator's story that one history tells: enough for most lives to end. */
const STORY_DAYS = 6;
const RECORDS_PER_BIRTH = 2.4;
/** Earlier records from which echoes are taken. */
const MAX_REMEMBERED = 3_000;
/** After so many further records an older state of a removed document comes once more. */
const ECHO_OF_DELETED = { after: 150, within: 1_200 };

/** The same options give the same sendings, byte for byte. */
export function* historyOf(reference: ReferenceIds, options: HistoryOptions): Generator<Sending, void, undefined> {
  const history = new History(reference, options);
  for (let seq = 0; seq < options.count; seq += 1) yield history.next(seq);
}

class History {
  readonly #random: Random;
  readonly #records: Iterator<GeneratedRecord>;
  readonly #direct: DirectStory;
  readonly #remembered: GeneratedRecord[] = [];
  readonly #lastLive = new Map<string, GeneratedRecord>();
  /** Echoes that wait for their turn, by the sequence number they are due at. */
  readonly #due = new Map<number, GeneratedRecord>();

  constructor(reference: ReferenceIds, { seed, count, regions }: HistoryOptions) {
    this.#random = new Random(seed);
    const perDay = Math.max(100, count / RECORDS_PER_BIRTH / STORY_DAYS);
    this.#records = generate(reference, { seed, pipelines: PIPELINES, perDay, ...GENERATOR });
    this.#direct = new DirectStory(new Random(seed + 1), regions);
  }

  next(seq: number): Sending {
    const echo = this.#due.get(seq);
    if (echo !== undefined) {
      this.#due.delete(seq);
      return sendingOf(seq, echo);
    }
    if (this.#random.chance(DIRECT_SHARE)) return this.#direct.next(seq);
    if (this.#random.chance(ODD_POISON_SHARE)) return oddPoison(seq, this.#random);
    if (this.#remembered.length > 0 && this.#random.chance(ECHO_SHARE)) return sendingOf(seq, this.#random.pick(this.#remembered));
    const record = this.#records.next().value as GeneratedRecord;
    if (record.truth.corruption === null) this.#remember(seq, record);
    return sendingOf(seq, record);
  }

  #remember(seq: number, record: GeneratedRecord): void {
    const { truth } = record;
    const place = this.#random.integer(0, MAX_REMEMBERED - 1);
    if (this.#remembered.length < MAX_REMEMBERED) this.#remembered.push(record);
    else this.#remembered[place] = record;
    if (truth.event['deleted'] !== true) {
      this.#lastLive.delete(truth.id);
      this.#lastLive.set(truth.id, record);
      if (this.#lastLive.size > MAX_REMEMBERED) this.#lastLive.delete(this.#lastLive.keys().next().value as string);
      return;
    }
    const live = this.#lastLive.get(truth.id);
    const due = seq + ECHO_OF_DELETED.after + this.#random.integer(0, ECHO_OF_DELETED.within);
    if (live !== undefined && !this.#due.has(due)) this.#due.set(due, live);
  }
}

function sendingOf(seq: number, record: GeneratedRecord): SourceSending {
  return { kind: 'source', seq, pipeline: record.pipeline, key: record.key, value: record.payload, generated: record.truth.corruption === null ? record : null };
}

const OVERSIZED_BYTES = 1_200_000;
const DEEP = 20_000;

/** Payloads that no generator of events would think of. */
function oddPoison(seq: number, random: Random): SourceSending {
  const kind = random.pick<Exclude<SourcePoison, 'corrupt'>>(['null-payload', 'oversized', 'binary', 'deep-json']);
  return { kind: 'source', seq, pipeline: random.pick(PIPELINES), key: random.chance(0.3) ? null : Buffer.from(`poison-${seq}`), value: poisonBytes(kind, random), generated: null };
}

function poisonBytes(kind: Exclude<SourcePoison, 'corrupt'>, random: Random): Buffer | null {
  switch (kind) {
    case 'null-payload': return null;
    case 'oversized': return Buffer.from(`{"listingId":"${'9'.repeat(OVERSIZED_BYTES)}"}`);
    case 'binary': return Buffer.from(Array.from({ length: random.integer(1, 400) }, () => random.integer(0, 255)));
    case 'deep-json': return Buffer.from('['.repeat(DEEP) + ']'.repeat(DEEP));
  }
}
