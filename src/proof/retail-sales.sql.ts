/**
 * What the rules of `pipelines/retail-sales/README.md` make of the lines, in SQL. Written from the rules, not from the
 * pipeline's code: it shares nothing with it, so that it can be its judge.
 */

/** Every line with its number, and of equal lines the first; `occurrence` counts distinct lines of a product on an invoice. */
export const LINES = `
  CREATE TEMP TABLE lines AS
  WITH numbered AS (
    SELECT row_number() OVER () AS n,
      coalesce(InvoiceNo, '') AS invoice, coalesce(StockCode, '') AS code, coalesce(Description, '') AS description,
      coalesce(Quantity, '') AS quantity_text, coalesce(InvoiceDate, '') AS date_text, coalesce(UnitPrice, '') AS price_text,
      coalesce(CustomerID, '') AS customer, coalesce(Country, '') AS country
    FROM raw
  ), distinct_lines AS (
    SELECT min(n) AS n, count(*) - 1 AS duplicates, invoice, code, description, quantity_text, date_text, price_text, customer, country
    FROM numbered GROUP BY ALL
  )
  SELECT *, row_number() OVER (PARTITION BY invoice, code ORDER BY n) AS occurrence,
    TRY_CAST(CASE WHEN regexp_full_match(quantity_text, '-?[0-9]{1,9}') THEN quantity_text END AS BIGINT) AS quantity,
    TRY_CAST(CASE WHEN regexp_full_match(price_text, '-?[0-9]{1,9}([.][0-9]{1,6})?') THEN price_text END AS DECIMAL(15, 6)) AS price,
    CASE WHEN regexp_full_match(date_text, '[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z')
      THEN try_strptime(date_text, '%Y-%m-%dT%H:%M:%SZ') END AS date,
    regexp_full_match(upper(code), 'POST|DOT|C2|D|M|S|AMAZONFEE|BANK CHARGES|CRUK|B|PADS|GIFT_.*|TEST.*|ADJUST.*') AS service
  FROM distinct_lines`;

/** Lines that are documents or parts of documents; the others are refused by the pipeline. */
export const SOUND = `
  CREATE TEMP TABLE sound AS
  SELECT *, CAST(price * 1000000 AS BIGINT) AS micros, CAST(price * 1000000 AS BIGINT) * quantity AS amount_micros,
    CAST(epoch(date) AS BIGINT) - 946684800 AS seconds_2000
  FROM lines
  WHERE quantity IS NOT NULL AND price IS NOT NULL AND date >= TIMESTAMP '2000-01-01' AND date < TIMESTAMP '2068-01-19 03:14:08'
    AND regexp_full_match(invoice, '[A-Z]?[0-9]{1,20}') AND length(code) BETWEEN 1 AND 64
    AND length(description) <= 1000 AND length(customer) <= 64 AND length(country) <= 100`;

/** What may be cancelled; `sale_number` counts them in the file's order. */
export const SALES = `
  CREATE TEMP TABLE sales AS
  SELECT n, customer, code, date, quantity, price, service, row_number() OVER (ORDER BY n) AS sale_number
  FROM sound WHERE invoice NOT LIKE 'C%' AND customer <> '' AND quantity > 0 AND price > 0`;

/** What cancels, numbered within its customer and product: only those compete for the same sales. */
export const CANCELS = `
  CREATE TEMP TABLE cancels AS
  SELECT c.n, c.customer, c.code, c.date, -c.quantity AS quantity, c.price,
    row_number() OVER (PARTITION BY c.customer, c.code ORDER BY c.n) AS turn,
    coalesce(b.sale_number, 0) AS sales_before
  FROM (SELECT * FROM sound WHERE invoice LIKE 'C%' AND customer <> '' AND quantity < 0) c
  ASOF LEFT JOIN sales b ON c.n > b.n`;

export const MATCHES = 'CREATE TEMP TABLE matches (cancel_n BIGINT, sale_n BIGINT, quantity BIGINT)';

/** One turn of every customer and product: each cancellation takes the latest sale that has enough left. */
export const MATCH_TURN = `
  INSERT INTO matches
  SELECT c.n, s.n, c.quantity
  FROM cancels c
  JOIN sales s ON s.customer = c.customer AND s.code = c.code AND s.n < c.n AND s.date <= c.date
    AND s.sale_number > c.sales_before - 500000 AND (NOT s.service OR s.price = c.price)
  LEFT JOIN (SELECT sale_n, sum(quantity) AS taken, count(*) AS times FROM matches GROUP BY sale_n) m ON m.sale_n = s.n
  WHERE c.turn = $turn AND s.quantity - coalesce(m.taken, 0) >= c.quantity AND coalesce(m.times, 0) < 1000
  QUALIFY row_number() OVER (PARTITION BY c.n ORDER BY s.n DESC) = 1`;

/** The documents: a line of its own each, but for cancellations that were matched. */
export const DOCUMENTS = `
  CREATE TEMP TABLE documents AS
  WITH taken AS (
    SELECT m.sale_n, count(*) AS times, sum(m.quantity)::BIGINT AS quantity, max(c.seconds_2000) AS seconds_2000,
      (-sum(c.amount_micros))::BIGINT AS refunded_micros, arg_max(c.date_text, c.n) AS at, arg_max(c.invoice, c.n) AS invoice,
      list({
        'invoice_no': c.invoice, 'occurrence': c.occurrence, 'at': c.date_text, 'quantity': -c.quantity,
        'unit_price': CAST(c.price_text AS DOUBLE), 'unit_price_micros': c.micros,
        'description': nullif(c.description, ''), 'country': nullif(c.country, '')
      } ORDER BY c.n) AS entries
    FROM matches m JOIN sound c ON c.n = m.cancel_n GROUP BY m.sale_n
  )
  SELECT
    s.code || '-' || s.invoice || CASE WHEN s.occurrence > 1 THEN '-' || s.occurrence ELSE '' END AS id,
    strftime(s.date, '%Y.%m') AS period,
    ((greatest(s.seconds_2000, coalesce(t.seconds_2000, 0)) * 4096 + coalesce(t.times, 0)) * 1024)::BIGINT AS version,
    to_json({
      'kind': CASE
        WHEN s.invoice LIKE 'A%' THEN 'bad-debt'
        WHEN upper(s.code) IN ('POST', 'DOT', 'C2') THEN 'postage'
        WHEN upper(s.code) = 'D' THEN 'discount'
        WHEN upper(s.code) = 'M' THEN 'manual'
        WHEN upper(s.code) = 'S' THEN 'sample'
        WHEN upper(s.code) IN ('AMAZONFEE', 'BANK CHARGES', 'CRUK') THEN 'fee'
        WHEN upper(s.code) = 'B' THEN 'bad-debt'
        WHEN upper(s.code) = 'PADS' THEN 'free'
        WHEN upper(s.code) LIKE 'GIFT^_%' ESCAPE '^' THEN 'gift-voucher'
        WHEN upper(s.code) LIKE 'TEST%' THEN 'test'
        WHEN upper(s.code) LIKE 'ADJUST%' THEN 'adjustment'
        WHEN s.invoice LIKE 'C%' THEN 'cancellation'
        WHEN s.quantity <= 0 OR s.price < 0 OR (s.price = 0 AND s.customer = '') THEN 'adjustment'
        WHEN s.price = 0 THEN 'free'
        ELSE 'sale' END,
      'cancellation': s.invoice LIKE 'C%',
      'invoice_no': s.invoice, 'stock_code': s.code, 'occurrence': s.occurrence, 'description': nullif(s.description, ''),
      'quantity': s.quantity, 'invoice_date': s.date_text,
      'unit_price': CAST(s.price_text AS DOUBLE), 'unit_price_micros': s.micros,
      'amount': CAST(s.amount_micros AS DOUBLE) / 1000000, 'amount_micros': s.amount_micros,
      'customer_id': nullif(s.customer, ''), 'country': nullif(s.country, ''),
      'status': CASE
        WHEN t.quantity >= s.quantity THEN 'cancelled'
        WHEN t.quantity > 0 THEN 'partly-cancelled'
        WHEN s.invoice LIKE 'C%' THEN 'unmatched'
        ELSE 'recorded' END,
      'cancelled_quantity': coalesce(t.quantity, 0),
      'refunded': CAST(coalesce(t.refunded_micros, 0) AS DOUBLE) / 1000000, 'refunded_micros': coalesce(t.refunded_micros, 0),
      'cancelled_at': t.at, 'cancel_invoice_no': t.invoice,
      'cancellations': coalesce(t.entries, []),
      'deleted': false
    }) AS source
  FROM sound s LEFT JOIN taken t ON t.sale_n = s.n
  WHERE s.n NOT IN (SELECT cancel_n FROM matches)`;
