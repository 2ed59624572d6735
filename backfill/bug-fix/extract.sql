-- Sold items that are still shown: a tombstone has nothing to mend. DuckDB and Spark SQL read the same text.
SELECT
  listing_id AS listingId, transaction_id AS transactionId, sold_at AS soldAt, updated_at AS updatedAt, deleted,
  status, site, title, category_id AS categoryId, seller_id AS sellerId, condition, format, quantity,
  price, shipping, currency, buyer_country AS buyerCountry,
  paid_at AS paidAt, shipped_at AS shippedAt, refunded_at AS refundedAt, cancelled_at AS cancelledAt
FROM sold_items
WHERE NOT deleted
