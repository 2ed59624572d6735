import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { OWN_REFERENCE } from '../src/lookups/lookups.ts';
import { sqlText, type TableEngine } from '../src/ports/table-engine.ts';

export const FIRST_DAY = '2026-11-02';
export const LAST_DAY = '2026-11-05';
const DAYS = 4;
/** Sales are spread over so many seconds from the first day on: the last ones are updated before the last day ends. */
const SPAN_SECONDS = DAYS * 86_400 - 10_000;
const ROW_GROUP_ROWS = 16_384;

/** When row `number` of so many was sold, epoch ms. */
export function soldAtOf(number: number, rows: number): number {
  return Date.parse(FIRST_DAY) + Math.floor((number * SPAN_SECONDS) / rows) * 1_000;
}

/**
 * Fills a warehouse with so many sold items of twenty columns, spread over four days: made by SQL, since a generated story would take longer
 * than what is measured. `deleted` says of which rows `i` removal was asked for.
 */
export async function fillWarehouse(engine: TableEngine, target: string, rows: number, deleted = 'false'): Promise<void> {
  await mkdir(target, { recursive: true });
  const reference = (file: string, columns: string): string => `read_json(${sqlText(join(OWN_REFERENCE, file))}, columns = {${columns}})`;
  await engine.run(`CREATE TEMP TABLE s AS SELECT row_number() OVER () - 1 AS n, id FROM ${reference('sellers.ndjson', "id: 'VARCHAR'")}`);
  await engine.run(`COPY (
    SELECT 'b' || i AS listing_id, 't' || i AS transaction_id, sold_at, sold_at + INTERVAL 2 HOUR AS updated_at, ${deleted} AS deleted,
      'paid' AS status, CASE i % 3 WHEN 0 THEN 'DE' WHEN 1 THEN 'US' ELSE 'FR' END AS site,
      'Vintage lens number ' || i || ', with case and the original papers of the maker' AS title, '1101' AS category_id, s.id AS seller_id,
      CASE i % 2 WHEN 0 THEN 'used' ELSE 'new' END AS condition, CASE i % 5 WHEN 0 THEN 'auction' ELSE 'fixed-price' END AS format, (1 + i % 3)::INTEGER AS quantity,
      ((100 + i % 90000) * 0.01)::DECIMAL(12, 2) AS price, ((i % 900) * 0.01)::DECIMAL(12, 2) AS shipping,
      CASE i % 2 WHEN 0 THEN 'EUR' ELSE 'USD' END AS currency, 'Germany' AS buyer_country,
      sold_at + INTERVAL 2 HOUR AS paid_at, NULL::TIMESTAMP AS shipped_at, NULL::TIMESTAMP AS refunded_at, NULL::TIMESTAMP AS cancelled_at,
      strftime(sold_at, '%Y-%m-%d') AS dt
    FROM (SELECT i, TIMESTAMP '${FIRST_DAY}' + to_seconds(i * ${SPAN_SECONDS} // ${rows}) AS sold_at FROM range(${rows}) t(i)) r JOIN s ON s.n = r.i % (SELECT count(*) FROM s)
  ) TO ${sqlText(join(target, 'sold_items'))} (FORMAT parquet, PARTITION_BY (dt), COMPRESSION zstd, ROW_GROUP_SIZE ${ROW_GROUP_ROWS})`);
}
