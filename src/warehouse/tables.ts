/** A table of the warehouse: Parquet files in folders `dt=yyyy-mm-dd`, as Hive lays them out. */
export const TABLES = ['sold_items', 'closed_listings', 'sellers', 'categories', 'sales_lines'] as const;
export type TableName = (typeof TABLES)[number];

/** What the generator's events hold, as a reader of newline-delimited JSON is told. */
const LISTING = "listingId: 'VARCHAR', site: 'VARCHAR', title: 'VARCHAR', categoryId: 'VARCHAR', sellerId: 'VARCHAR', condition: 'VARCHAR', format: 'VARCHAR', quantity: 'INTEGER', priceCents: 'BIGINT', currency: 'VARCHAR', updatedAt: 'BIGINT', deleted: 'BOOLEAN'";
const SOLD_EVENT = `${LISTING}, transactionId: 'VARCHAR', soldAt: 'BIGINT', status: 'VARCHAR', shippingCents: 'BIGINT', buyerCountry: 'VARCHAR', paidAt: 'BIGINT', shippedAt: 'BIGINT', refundedAt: 'BIGINT', cancelledAt: 'BIGINT'`;
const CLOSED_EVENT = `${LISTING}, startedAt: 'BIGINT', closedAt: 'BIGINT', reason: 'VARCHAR', bids: 'INTEGER', watchers: 'INTEGER', views: 'INTEGER', relistedAs: 'VARCHAR'`;

const OFFER = `site, title, categoryId AS category_id, sellerId AS seller_id, condition, format, quantity, ${money('priceCents')} AS price, currency`;

/** The newest state of each transaction, by the day of its sale. `events` is a file of events, one a line. */
export function soldItems(events: string): string {
  return `SELECT listingId AS listing_id, transactionId AS transaction_id, epoch_ms(soldAt) AS sold_at, epoch_ms(updatedAt) AS updated_at,
      coalesce(deleted, false) AS deleted, status, ${OFFER}, ${money('shippingCents')} AS shipping, buyerCountry AS buyer_country,
      epoch_ms(paidAt) AS paid_at, epoch_ms(shippedAt) AS shipped_at, epoch_ms(refundedAt) AS refunded_at, epoch_ms(cancelledAt) AS cancelled_at,
      strftime(epoch_ms(soldAt), '%Y-%m-%d') AS dt
    FROM ${linesOf(events, SOLD_EVENT)}
    QUALIFY row_number() OVER (PARTITION BY listingId, transactionId ORDER BY updatedAt DESC) = 1 ORDER BY dt, sold_at, listing_id`;
}

/** The newest state of each listing that closed unsold, by the day it closed. */
export function closedListings(events: string): string {
  return `SELECT listingId AS listing_id, epoch_ms(startedAt) AS started_at, epoch_ms(closedAt) AS closed_at, epoch_ms(updatedAt) AS updated_at,
      coalesce(deleted, false) AS deleted, reason, ${OFFER}, bids, watchers, views, relistedAs AS relisted_as,
      strftime(epoch_ms(closedAt), '%Y-%m-%d') AS dt
    FROM ${linesOf(events, CLOSED_EVENT)}
    QUALIFY row_number() OVER (PARTITION BY listingId ORDER BY updatedAt DESC) = 1 ORDER BY dt, closed_at, listing_id`;
}

/** A snapshot of the sellers as of a day. `file` holds one a line. */
export function sellers(file: string, dt: string): string {
  return `SELECT id AS seller_id, name, country, CAST(since AS DATE) AS since, CAST(feedback AS DECIMAL(5, 2)) AS feedback, '${dt}' AS dt
    FROM ${linesOf(file, "id: 'VARCHAR', name: 'VARCHAR', country: 'VARCHAR', since: 'VARCHAR', feedback: 'DOUBLE'")} ORDER BY seller_id`;
}

/** A snapshot of the categories as of a day, each with its path of names. `file` holds one a line. */
export function categories(file: string, dt: string): string {
  return `SELECT id AS category_id, path[len(path)] AS name, path, '${dt}' AS dt FROM ${linesOf(file, "id: 'VARCHAR', path: 'VARCHAR[]'")} ORDER BY category_id`;
}

/** Sales lines of a CSV file that can be read as such, by the day of the invoice. */
export function salesLines(file: string): string {
  return `SELECT InvoiceNo AS invoice_no, StockCode AS stock_code, Description AS description, CAST(Quantity AS BIGINT) AS quantity,
      CAST(InvoiceDate AS TIMESTAMP) AS invoice_date, CAST(UnitPrice AS DECIMAL(15, 6)) AS unit_price, CustomerID AS customer_id, Country AS country,
      strftime(CAST(InvoiceDate AS TIMESTAMP), '%Y-%m-%d') AS dt
    FROM read_csv('${escaped(file)}', header = true, all_varchar = true, delim = ',', quote = '"', escape = '"', null_padding = true)
    WHERE TRY_CAST(Quantity AS BIGINT) IS NOT NULL AND TRY_CAST(UnitPrice AS DECIMAL(15, 6)) IS NOT NULL AND TRY_CAST(InvoiceDate AS TIMESTAMP) IS NOT NULL`;
}

/** Hundredths as an exact decimal of the major unit. */
function money(cents: string): string {
  return `CAST(CAST(${cents} AS DECIMAL(12, 0)) * 0.01 AS DECIMAL(12, 2))`;
}

function linesOf(file: string, columns: string): string {
  return `read_json('${escaped(file)}', format = 'newline_delimited', columns = {${columns}})`;
}

function escaped(text: string): string {
  return text.replaceAll("'", "''");
}
