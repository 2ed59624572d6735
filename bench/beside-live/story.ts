import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { OWN_REFERENCE } from '../../src/lookups/lookups.ts';
import { sqlText, type TableEngine } from '../../src/ports/table-engine.ts';
import { sellers } from '../../src/warehouse/tables.ts';
import { fillWarehouse, FIRST_DAY, soldAtOf } from '../backfill-warehouse.ts';

/** One row in so many is a sale whose removal was asked for. */
export const DELETED_EVERY = 50;
/** Line of the reference file whose seller the warehouse lacks: its rows cannot get the new field. */
const UNKNOWN_SELLER = 7;
const HOUR_MS = 3_600_000;

/** A warehouse of so many sold items with tombstones among them, and of the sellers but one. */
export async function fillBesideLive(engine: TableEngine, folder: string, rows: number): Promise<void> {
  await fillWarehouse(engine, folder, rows, `i % ${DELETED_EVERY} = 0`);
  await engine.run(`COPY (SELECT * FROM (${sellers(join(OWN_REFERENCE, 'sellers.ndjson'), FIRST_DAY)}) WHERE seller_id <> ${sqlText(sellerIds()[UNKNOWN_SELLER] as string)})
    TO ${sqlText(join(folder, 'sellers'))} (FORMAT parquet, PARTITION_BY (dt), COMPRESSION zstd)`);
}

export interface LiveEvent { readonly key: Buffer; readonly value: Buffer }

/**
 * Live events, of which three in four meet a row of the warehouse: newer than it, older, and of the same version. What is sent twice for
 * a row in one of these ways is the same each time. Every event is written down, for the oracle.
 */
export class LiveStory {
  readonly #rows: number;
  readonly #file: string;
  readonly #sellers = sellerIds();
  #number = 0;

  constructor(rows: number, file: string) {
    this.#rows = rows;
    this.#file = file;
    writeFileSync(file, '');
  }

  get sent(): number { return this.#number; }

  next(count: number): LiveEvent[] {
    const events = Array.from({ length: count }, () => this.#event(this.#number++));
    appendFileSync(this.#file, events.map(({ value }) => `${value.toString('utf8')}\n`).join(''));
    return events;
  }

  #event(number: number): LiveEvent {
    switch (number % 4) {
      case 0: return this.#state('b', this.#row(number * 7_919), 3, 'shipped');
      case 1: return this.#state('b', this.#row(number * 6_007), 1, 'sold');
      case 2: return this.#state('b', this.#living(number * 4_001), 2, 'refunded');
      default: return this.#state('n', number, 2, 'paid');
    }
  }

  #row(number: number): number {
    return number % this.#rows;
  }

  /** Against a tombstone of the same version, what came first would decide. */
  #living(number: number): number {
    const row = this.#row(number);
    return row % DELETED_EVERY === 0 ? row + 1 : row;
  }

  /** The state of a sale so many hours after it; rows of the warehouse stand at two. */
  #state(family: string, number: number, hours: number, status: string): LiveEvent {
    const soldAt = soldAtOf(number % this.#rows, this.#rows);
    const updatedAt = soldAt + hours * HOUR_MS;
    const event = {
      listingId: `${family}${number}`, transactionId: `t${number}`, soldAt, updatedAt, status, site: 'UK', title: `Live lens number ${number}, ${status} after ${hours} hours`,
      categoryId: '1101', sellerId: this.#sellers[number % this.#sellers.length], condition: 'used', format: 'auction', quantity: 1 + (number % 3),
      priceCents: 100 + (number % 90_000), shippingCents: number % 900, currency: 'GBP', buyerCountry: 'France',
      paidAt: updatedAt, shippedAt: status === 'shipped' ? updatedAt : null, refundedAt: status === 'refunded' ? updatedAt : null, cancelledAt: null,
    };
    return { key: Buffer.from(event.listingId), value: Buffer.from(JSON.stringify(event)) };
  }
}

function sellerIds(): string[] {
  return readFileSync(join(OWN_REFERENCE, 'sellers.ndjson'), 'utf8').split('\n').filter((line) => line !== '').map((line) => (JSON.parse(line) as { id: string }).id);
}
