-- Sold items with the band of their seller, as of the latest snapshot of the sellers. DuckDB and Spark SQL read the same text.
SELECT
  s.listing_id AS listingId, s.transaction_id AS transactionId, s.sold_at AS soldAt, s.updated_at AS updatedAt, s.deleted,
  s.status, s.site, s.title, s.category_id AS categoryId, s.seller_id AS sellerId, s.condition, s.format, s.quantity,
  s.price, s.shipping, s.currency, s.buyer_country AS buyerCountry,
  s.paid_at AS paidAt, s.shipped_at AS shippedAt, s.refunded_at AS refundedAt, s.cancelled_at AS cancelledAt,
  CASE WHEN p.feedback >= 99.00 THEN 'top' WHEN p.feedback >= 95.00 THEN 'good' WHEN p.feedback IS NOT NULL THEN 'fair' END AS sellerBand
FROM sold_items s
LEFT JOIN (SELECT seller_id, feedback FROM sellers WHERE dt = (SELECT max(dt) FROM sellers)) p ON p.seller_id = s.seller_id
WHERE NOT s.deleted
