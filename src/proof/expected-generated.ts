import { generate } from '../inputs/generate/generate.ts';
import type { GenerateOptions, Generated, GeneratedRecord, Truth } from '../inputs/generate/generate.ts';
import { stageOf } from '../inputs/generate/corrupt.ts';
import type { Corruption } from '../inputs/generate/corrupt.ts';
import { readReferenceIds } from '../inputs/generate/reference.ts';
import type { ExpectedDocument, ExpectedDocuments } from './expected.ts';
import { ReferenceFacts } from './reference-facts.ts';
import type { Offer } from './reference-facts.ts';

/** A record that must end in the failure index, alone. */
export interface ExpectedFailure {
  readonly pipeline: Generated;
  readonly stage: 'decode' | 'enrich';
  readonly corruption: Corruption;
  readonly payload: Buffer;
}

export interface ExpectedGenerated {
  /** One for each pipeline that had events. */
  readonly documents: readonly ExpectedDocuments[];
  readonly failures: readonly ExpectedFailure[];
  /** Sound records that an equal or newer version outdoes, in whatever order they come. */
  readonly superseded: number;
}

/** How far a document's version is above its source version: room for the data revision, which is 0. */
const EPOCHS = 1_024;

/** What the generator's records with these options must become; `directory` holds the reference files. */
export async function expectedGenerated(directory: string, options: GenerateOptions & { readonly count: number }): Promise<ExpectedGenerated> {
  return expectedOfRecords(directory, generate(await readReferenceIds(directory), options));
}

/** What these records must become, however often each was sent, in any order. Keeps one state for each document. */
export async function expectedOfRecords(directory: string, records: Iterable<GeneratedRecord>): Promise<ExpectedGenerated> {
  const expectation = new Expectation(await ReferenceFacts.read(directory));
  for (const record of records) expectation.add(record);
  return expectation.result();
}

class Expectation {
  readonly #states = new Map<Generated, Map<string, Truth>>();
  readonly #failures: ExpectedFailure[] = [];
  readonly #facts: ReferenceFacts;
  #superseded = 0;

  constructor(facts: ReferenceFacts) {
    this.#facts = facts;
  }

  add({ pipeline, payload, truth }: GeneratedRecord): void {
    if (truth.corruption !== null) {
      this.#failures.push({ pipeline, stage: stageOf(truth.corruption), corruption: truth.corruption, payload });
      return;
    }
    const states = this.#states.get(pipeline) ?? new Map<string, Truth>();
    this.#states.set(pipeline, states);
    const known = states.get(truth.id);
    if (known !== undefined) this.#superseded += 1;
    if (known === undefined || truth.version > known.version) states.set(truth.id, truth);
  }

  result(): ExpectedGenerated {
    const documents = [...this.#states].map(([pipeline, states]) => documentsOf(pipeline, states, this.#facts));
    return { documents, failures: this.#failures, superseded: this.#superseded };
  }
}

function documentsOf(pipeline: Generated, states: ReadonlyMap<string, Truth>, facts: ReferenceFacts): ExpectedDocuments {
  const byPeriod = new Map<string, Truth[]>();
  for (const truth of states.values()) {
    const period = periodOf(pipeline, truth.event);
    const truths = byPeriod.get(period);
    if (truths === undefined) byPeriod.set(period, [truth]);
    else truths.push(truth);
  }
  return {
    pipeline,
    total: states.size,
    periods: [...byPeriod.keys()].sort(),
    async* documents(period) {
      for (const truth of byPeriod.get(period) ?? []) yield expectedDocument(pipeline, truth, facts);
    },
  };
}

function periodOf(pipeline: Generated, event: Truth['event']): string {
  return pipeline === 'sold-items' ? text(event['soldAt']).slice(0, 10).replaceAll('-', '.') : text(event['closedAt']).slice(0, 7).replace('-', '.');
}

function expectedDocument(pipeline: Generated, { id, version, event }: Truth, facts: ReferenceFacts): ExpectedDocument {
  const about = pipeline === 'sold-items'
    ? { listing_id: event['listingId'], transaction_id: event['transactionId'], sold_at: text(event['soldAt']) }
    : { listing_id: event['listingId'], closed_at: text(event['closedAt']) };
  const base = { ...about, updated_at: text(event['updatedAt']) };
  if (event['deleted'] === true) return { id, version: version * EPOCHS, source: { ...base, deleted: true } };
  const own = pipeline === 'sold-items' ? saleFields(event) : closingFields(event);
  return { id, version: version * EPOCHS, source: { ...base, ...offerFields(event), ...own, ...facts.of(offerOf(pipeline, event)), deleted: false } };
}

function offerFields(event: Truth['event']): Record<string, unknown> {
  const { site, title, condition, format, quantity, currency } = event;
  return { site, title, condition, format, quantity, currency, price: Number(`${String(event['priceCents'])}e-2`), price_cents: event['priceCents'] };
}

function saleFields(event: Truth['event']): Record<string, unknown> {
  return {
    status: event['status'],
    shipping_cents: event['shippingCents'],
    total_cents: Number(BigInt(Number(event['quantity'])) * BigInt(Number(event['priceCents'])) + BigInt(Number(event['shippingCents']))),
    buyer_country: event['buyerCountry'],
    paid_at: textOrNull(event['paidAt']),
    shipped_at: textOrNull(event['shippedAt']),
    refunded_at: textOrNull(event['refundedAt']),
    cancelled_at: textOrNull(event['cancelledAt']),
  };
}

function closingFields(event: Truth['event']): Record<string, unknown> {
  const { reason, bids, watchers, views, relistedAs } = event;
  const days = Math.trunc((Number(event['closedAt']) - Number(event['startedAt'])) / (24 * 60 * 60 * 1_000));
  return {
    started_at: text(event['startedAt']),
    days_listed: days,
    reason, bids, watchers, views,
    relisted: typeof relistedAs === 'string',
    relisted_as: relistedAs ?? null,
  };
}

function offerOf(pipeline: Generated, event: Truth['event']): Offer {
  return {
    categoryId: String(event['categoryId']),
    sellerId: String(event['sellerId']),
    currency: String(event['currency']),
    price: Number(`${String(event['priceCents'])}e-2`),
    day: text(event[pipeline === 'sold-items' ? 'soldAt' : 'closedAt']).slice(0, 10),
  };
}

function text(time: unknown): string {
  return new Date(Number(time)).toISOString();
}

function textOrNull(time: unknown): string | null {
  return time === undefined || time === null ? null : text(time);
}
