"""Writes an extract of sold items into daily indices with Elasticsearch's connector for Spark.

Started by spark-submit with the path of a job as JSON. Tells on a line each when it begins to write, and how many seconds the writing took.
"""
import json
import sys
import time

from pyspark.sql import SparkSession

# The row's own columns, under the names of the mapping. Id, version and index are those of a load; `es.mapping.exclude` keeps them out of the document.
DOCUMENTS = """
SELECT
  concat(listingId, '-', transactionId) AS document_id, unix_millis(updatedAt) * 1024 + {epoch} AS document_version, date_format(soldAt, 'yyyy.MM.dd') AS index_day,
  listingId AS listing_id, transactionId AS transaction_id, {sold_at}, {updated_at}, status, site, title, condition, format, quantity,
  CAST(price AS DOUBLE) AS price, CAST(price * 100 AS BIGINT) AS price_cents, CAST(shipping * 100 AS BIGINT) AS shipping_cents,
  CAST(price * 100 * quantity + shipping * 100 AS BIGINT) AS total_cents, currency, buyerCountry AS buyer_country,
  {paid_at}, {shipped_at}, {refunded_at}, {cancelled_at}
FROM {rows}
"""
TIMES = {"sold_at": "soldAt", "updated_at": "updatedAt", "paid_at": "paidAt", "shipped_at": "shippedAt", "refunded_at": "refundedAt", "cancelled_at": "cancelledAt"}


def main(path):
    with open(path, encoding="utf-8") as file:
        job = json.load(file)
    spark = SparkSession.builder.appName("sluice-connector").getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    spark.read.parquet(*job["files"]).createOrReplaceTempView("rows_of_the_extract")
    times = {name: f"""date_format({column}, "yyyy-MM-dd'T'HH:mm:ss.SSS'Z'") AS {name}""" for name, column in TIMES.items()}
    documents = spark.sql(DOCUMENTS.format(epoch=job["epoch"], rows="rows_of_the_extract", **times))
    print(json.dumps({"writing": True}), flush=True)
    began = time.monotonic()
    spark._jvm.sluice.bench.RowWriter.save(documents._jdf, job["options"])
    print(json.dumps({"seconds": time.monotonic() - began}), flush=True)
    spark.stop()


if __name__ == "__main__":
    main(sys.argv[1])
