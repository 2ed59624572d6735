import { SluiceError } from '../../domain/errors.ts';
import { corrupted } from './corrupt.ts';
import type { Corruption } from './corrupt.ts';
import { closingSteps, saleSteps } from './lives.ts';
import type { Step } from './lives.ts';
import { listingOf } from './listing.ts';
import type { Listing } from './listing.ts';
import { Pending } from './pending.ts';
import { Random } from './random.ts';
import type { ReferenceIds } from './reference.ts';
import { meanGap } from './rhythm.ts';

/** The pipelines that events can be generated for. */
export const GENERATED = ['sold-items', 'closed-listings'] as const;
export type Generated = (typeof GENERATED)[number];

export interface GenerateOptions {
  readonly seed: number;
  /** How many records; absent: without end. */
  readonly count?: number | undefined;
  readonly pipelines?: readonly Generated[];
  /** When the story begins, epoch ms. */
  readonly from?: number;
  /** New sales and closings on an average day of the story. */
  readonly perDay?: number;
  /** Shares of all records, 0…1. */
  readonly corrupt?: number;
  readonly duplicates?: number;
  readonly late?: number;
  /** Most updates that are yet to come at any time: bounds the memory. */
  readonly maxPending?: number;
}

/** What the generator knows about a record beside its bytes: the base of independent expectations. */
export interface Truth {
  readonly id: string;
  /** Time of the update, epoch ms: the source version. */
  readonly version: number;
  readonly event: Readonly<Record<string, unknown>>;
  /** How this payload was spoiled; null for a sound one. */
  readonly corruption: Corruption | null;
}

export interface GeneratedRecord {
  readonly pipeline: Generated;
  readonly key: Buffer;
  readonly payload: Buffer;
  /** When the source would have sent it, epoch ms. */
  readonly timestamp: number;
  readonly truth: Truth;
}

/** Monday, 2 November 2026. */
const DEFAULT_FROM = Date.UTC(2026, 10, 2);
const DEFAULTS = { from: DEFAULT_FROM, perDay: 3_000, corrupt: 0, duplicates: 0.02, late: 0.03, maxPending: 50_000 };
const HOUR_MS = 3_600_000;
/** Listings with several pieces that later sales may come from. */
const OPEN_LISTINGS = 64;

/** The records in the order in which they are sent; the same options give the same bytes. */
export function* generate(reference: ReferenceIds, options: GenerateOptions): Generator<GeneratedRecord, void, undefined> {
  const story = new Story(reference, options);
  for (let sent = 0; options.count === undefined || sent < options.count; sent += 1) yield story.next();
}

interface Sending extends Step {
  readonly due: number;
  readonly order: number;
  readonly pipeline: Generated;
}

class Story {
  readonly #random: Random;
  readonly #reference: ReferenceIds;
  readonly #options: typeof DEFAULTS & { pipelines: readonly Generated[] };
  readonly #pending = new Pending<Sending>();
  readonly #open: Listing[] = [];
  #nextBirth: number;
  #order = 0;
  #listings: number;
  #transactions: number;

  constructor(reference: ReferenceIds, options: GenerateOptions) {
    if (reference.categories.length === 0 || reference.sellerIds.length === 0) throw new SluiceError('INPUT_INVALID', 'the reference data holds no categories or no sellers');
    const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
    this.#options = { ...DEFAULTS, pipelines: GENERATED, ...given };
    this.#random = new Random(options.seed);
    this.#reference = reference;
    this.#nextBirth = this.#options.from;
    this.#listings = 110_000_000_000 + this.#random.integer(0, 999_999) * 10_000;
    this.#transactions = 2_000_000_000_000 + this.#random.integer(0, 999_999) * 10_000;
  }

  next(): GeneratedRecord {
    for (;;) {
      const earliest = this.#pending.peek();
      if (earliest !== undefined && earliest.due <= this.#nextBirth) return this.#send(this.#pending.pop() as Sending);
      this.#bear();
    }
  }

  /** Something sells or closes, and all that will happen to it is scheduled. */
  #bear(): void {
    const at = Math.round(this.#nextBirth);
    this.#nextBirth += this.#random.exponential(meanGap(at, this.#options.perDay));
    const pipeline = this.#pipeline();
    const steps = pipeline === 'sold-items' ? this.#sale(at) : this.#closing(at);
    const room = this.#options.maxPending - this.#pending.size;
    for (const step of steps.slice(0, Math.max(1, room))) this.#schedule(pipeline, step, step.at + this.#delay());
  }

  #pipeline(): Generated {
    const { pipelines } = this.#options;
    if (pipelines.length === 1) return pipelines[0] as Generated;
    return this.#random.chance(0.6) ? 'sold-items' : 'closed-listings';
  }

  #sale(at: number): Step[] {
    this.#transactions += this.#random.integer(1, 9);
    return saleSteps(this.#random, this.#soldListing(), String(this.#transactions), at);
  }

  #soldListing(): Listing {
    if (this.#open.length > 0 && this.#random.chance(0.25)) return this.#random.pick(this.#open);
    const listing = this.#listing();
    if (listing.quantity > 1) this.#open.push(listing);
    if (this.#open.length > OPEN_LISTINGS) this.#open.shift();
    return listing;
  }

  #closing(at: number): Step[] {
    const listing = this.#listing();
    return closingSteps(this.#random, listing, at, String(this.#nextListing()));
  }

  #listing(): Listing {
    return listingOf(this.#random, this.#reference, this.#nextListing());
  }

  #nextListing(): number {
    this.#listings += this.#random.integer(1, 9);
    return this.#listings;
  }

  /** Most travel at once, some late: so updates overtake one another. */
  #delay(): number {
    return this.#random.chance(this.#options.late) ? this.#random.exponential(24 * HOUR_MS) : this.#random.exponential(200);
  }

  #schedule(pipeline: Generated, step: Step, due: number): void {
    this.#pending.push({ ...step, pipeline, due, order: this.#order++ });
  }

  #send(sending: Sending): GeneratedRecord {
    const { pipeline, id, key, event, at, due } = sending;
    if (this.#random.chance(this.#options.duplicates) && this.#pending.size < this.#options.maxPending) {
      this.#schedule(pipeline, { at, id, key, event }, due + this.#random.exponential(HOUR_MS));
    }
    const spoiled = this.#random.chance(this.#options.corrupt) ? corrupted(this.#random, event) : null;
    return {
      pipeline,
      key: Buffer.from(key),
      payload: spoiled?.payload ?? Buffer.from(JSON.stringify(event)),
      timestamp: Math.round(due),
      truth: { id, version: at, event, corruption: spoiled?.corruption ?? null },
    };
  }
}
