import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { sqlText, type TableEngine } from '../../src/ports/table-engine.ts';
import { OWN_REFERENCE } from '../../src/lookups/lookups.ts';
import type { FoundDocument } from '../../src/proof/read-region.ts';

const MAX_LISTED = 5;

/** What a region holds, held against what it should. */
export interface Judgement {
  readonly expected: number;
  readonly missing: number;
  readonly unexpected: number;
  readonly different: number;
  /** The first ids of what is wrong. */
  readonly ids: readonly string[];
}

const SOLD_EVENT = "listingId: 'VARCHAR', transactionId: 'VARCHAR', soldAt: 'BIGINT', updatedAt: 'BIGINT', status: 'VARCHAR', site: 'VARCHAR', title: 'VARCHAR', categoryId: 'VARCHAR', sellerId: 'VARCHAR', condition: 'VARCHAR', format: 'VARCHAR', quantity: 'BIGINT', priceCents: 'BIGINT', shippingCents: 'BIGINT', currency: 'VARCHAR', buyerCountry: 'VARCHAR', paidAt: 'BIGINT', shippedAt: 'BIGINT', refundedAt: 'BIGINT', cancelledAt: 'BIGINT'";
/** What the documents say, in an order of our own. */
const SOURCE = 'listing_id VARCHAR, transaction_id VARCHAR, sold_at VARCHAR, updated_at VARCHAR, deleted BOOLEAN, status VARCHAR, site VARCHAR, title VARCHAR, condition VARCHAR, format VARCHAR, quantity BIGINT, price DOUBLE, price_cents BIGINT, shipping_cents BIGINT, total_cents BIGINT, currency VARCHAR, buyer_country VARCHAR, paid_at VARCHAR, shipped_at VARCHAR, refunded_at VARCHAR, cancelled_at VARCHAR, category STRUCT(id VARCHAR, "name" VARCHAR, path VARCHAR[]), seller STRUCT(id VARCHAR, "name" VARCHAR, country VARCHAR, since VARCHAR, feedback DOUBLE), price_usd DOUBLE, seller_band VARCHAR';
const TOMBSTONE_FIELDS = 'deleted,listing_id,sold_at,transaction_id,updated_at';
const FIELDS = 'buyer_country,cancelled_at,category,condition,currency,deleted,format,listing_id,paid_at,price,price_cents,price_usd,quantity,refunded_at,seller,shipped_at,shipping_cents,site,sold_at,status,title,total_cents,transaction_id,updated_at';
const FIELDS_WITH_BAND = FIELDS.replace('seller,', 'seller,seller_band,');

/**
 * What must be there in the end, by SQL alone, from the files of the warehouse, the events that were sent and the reference files: no code
 * of the pipeline has a part in it. Of what the warehouse knows and what was sent, the newest of each sale counts; the warehouse's own by
 * the last case that may write it: the new field, else the bug fix, else (a tombstone) the missed events.
 */
export class Oracle {
  readonly #engine: TableEngine;
  readonly #scratch: string;

  constructor(engine: TableEngine, scratch: string) {
    this.#engine = engine;
    this.#scratch = scratch;
  }

  async expect(warehouse: string, events: string): Promise<void> {
    const engine = this.#engine;
    await engine.run(`CREATE OR REPLACE TEMP TABLE bands AS SELECT seller_id, CASE WHEN feedback >= 99 THEN 'top' WHEN feedback >= 95 THEN 'good' ELSE 'fair' END AS band FROM read_parquet(${sqlText(join(warehouse, 'sellers/*/*.parquet'))})`);
    await engine.run(`CREATE OR REPLACE TEMP TABLE candidates AS
      SELECT listing_id, transaction_id, epoch_ms(sold_at) AS sold_ms, epoch_ms(updated_at) AS updated_ms, deleted, status, site, title, category_id, w.seller_id, condition, format, quantity::BIGINT AS quantity,
        (price * 100)::BIGINT AS price_cents, (shipping * 100)::BIGINT AS shipping_cents, currency, buyer_country,
        epoch_ms(paid_at) AS paid_ms, epoch_ms(shipped_at) AS shipped_ms, epoch_ms(refunded_at) AS refunded_ms, epoch_ms(cancelled_at) AS cancelled_ms,
        CASE WHEN deleted THEN 0 WHEN band IS NULL THEN 1 ELSE 2 END AS epoch, CASE WHEN NOT deleted THEN band END AS band
      FROM read_parquet(${sqlText(join(warehouse, 'sold_items/*/*.parquet'))}) w LEFT JOIN bands USING (seller_id)
      UNION ALL
      SELECT listingId, transactionId, soldAt, updatedAt, false, status, site, title, categoryId, sellerId, condition, format, quantity, priceCents, shippingCents, currency, buyerCountry, paidAt, shippedAt, refundedAt, cancelledAt, 0, NULL
      FROM read_json(${sqlText(events)}, format = 'newline_delimited', columns = {${SOLD_EVENT}})`);
    await this.#reference();
    await engine.run(`CREATE OR REPLACE TEMP TABLE expected AS
      WITH newest AS (SELECT * FROM candidates QUALIFY row_number() OVER (PARTITION BY listing_id, transaction_id ORDER BY updated_ms DESC, epoch DESC) = 1)
      SELECT listing_id || '-' || transaction_id AS id, updated_ms * 1024 + epoch AS version,
        CASE WHEN deleted THEN '${TOMBSTONE_FIELDS}' WHEN band IS NULL THEN '${FIELDS}' ELSE '${FIELDS_WITH_BAND}' END AS fields,
        row(listing_id, transaction_id, ${iso('sold_ms')}, ${iso('updated_ms')}, deleted, ${living(['status', 'site', 'title', 'condition', 'format', 'quantity', 'price_cents / 100', 'price_cents', 'shipping_cents', 'price_cents * quantity + shipping_cents', 'n.currency', 'buyer_country', iso('paid_ms'), iso('shipped_ms'), iso('refunded_ms'), iso('cancelled_ms'), 'c.category', 's.seller', 'floor(price_cents / 100 * usd * 100 + 0.5) / 100', 'band'])})::STRUCT(${SOURCE}) AS source
      FROM newest n LEFT JOIN categories c ON c.id = n.category_id LEFT JOIN all_sellers s ON s.id = n.seller_id
      ASOF LEFT JOIN rates r ON r.currency = n.currency AND r.date <= DATE '1970-01-01' + (n.sold_ms // 86400000)::INTEGER`);
  }

  /** Rows that the new field cannot be had for: each is a failure in every region. */
  async failures(): Promise<number> {
    return await this.#count('candidates', 'epoch = 1');
  }

  /** Judges a region by all its sold items. */
  async judge(region: string, documents: AsyncIterable<FoundDocument>): Promise<Judgement> {
    await this.#found(region, documents);
    await this.#engine.run(`CREATE OR REPLACE TEMP TABLE judged AS SELECT coalesce(e.id, f.id) AS id,
        CASE WHEN f.id IS NULL THEN 'missing' WHEN e.id IS NULL THEN 'unexpected' WHEN e.version <> f.version OR e.fields <> f.fields OR e.source IS DISTINCT FROM f.source THEN 'different' ELSE 'right' END AS verdict
      FROM expected e FULL JOIN found f ON e.id = f.id`);
    const wrong = await this.#engine.rows(`SELECT id || ' ' || verdict AS text FROM judged WHERE verdict <> 'right' LIMIT ${MAX_LISTED}`);
    return {
      expected: await this.#count('expected', 'true'), missing: await this.#count('judged', "verdict = 'missing'"), unexpected: await this.#count('judged', "verdict = 'unexpected'"),
      different: await this.#count('judged', "verdict = 'different'"), ids: wrong.map(({ text }) => String(text)),
    };
  }

  async #found(region: string, documents: AsyncIterable<FoundDocument>): Promise<void> {
    const file = join(this.#scratch, `${region}.ndjson`);
    const stream = createWriteStream(file);
    for await (const { id, version, source } of documents) {
      if (!stream.write(`${JSON.stringify({ id, version, fields: Object.keys(source).sort().join(), source })}\n`)) await once(stream, 'drain');
    }
    await new Promise<void>((resolve, reject) => { stream.once('error', reject).end(resolve); });
    await this.#engine.run(`CREATE OR REPLACE TEMP TABLE found AS SELECT * FROM read_json(${sqlText(file)}, format = 'newline_delimited', columns = {id: 'VARCHAR', version: 'BIGINT', fields: 'VARCHAR', source: ${sqlText(`STRUCT(${SOURCE})`)}})`);
  }

  async #reference(): Promise<void> {
    const file = (name: string): string => sqlText(join(OWN_REFERENCE, name));
    await this.#engine.run(`CREATE OR REPLACE TEMP TABLE categories AS
      WITH RECURSIVE nodes AS (
        SELECT node, [node->>'name'] AS path FROM (SELECT unnest(from_json(content::JSON, '["JSON"]')) AS node FROM read_text(${file('categories.json')}))
        UNION ALL
        SELECT child, list_append(path, child->>'name') FROM (SELECT unnest(from_json(node->'children', '["JSON"]')) AS child, path FROM nodes WHERE (node->'children') IS NOT NULL)
      ) SELECT node->>'id' AS id, struct_pack(id := node->>'id', "name" := node->>'name', path := path) AS category FROM nodes`);
    await this.#engine.run(`CREATE OR REPLACE TEMP TABLE all_sellers AS SELECT id, struct_pack(id := id, "name" := "name", country := country, since := since, feedback := feedback) AS seller
      FROM read_json(${file('sellers.ndjson')}, format = 'newline_delimited', columns = {id: 'VARCHAR', "name": 'VARCHAR', country: 'VARCHAR', since: 'VARCHAR', feedback: 'DOUBLE'})`);
    await this.#engine.run(`CREATE OR REPLACE TEMP TABLE rates AS SELECT date::DATE AS date, currency, usd::DOUBLE AS usd FROM read_csv(${file('rates.csv')}, header = true, all_varchar = true)`);
  }

  async #count(table: string, condition: string): Promise<number> {
    const [row] = await this.#engine.rows(`SELECT count(*)::INTEGER AS n FROM ${table} WHERE ${condition}`);
    return Number(row?.['n']);
  }
}

/** Epoch ms as ISO 8601 in UTC. */
function iso(ms: string): string {
  return `strftime(make_timestamp(${ms} * 1000), '%Y-%m-%dT%H:%M:%S.%g') || 'Z'`;
}

/** A tombstone says nothing of these. */
function living(expressions: readonly string[]): string {
  return expressions.map((expression) => `CASE WHEN NOT deleted THEN ${expression} END`).join(', ');
}
