"""Runs a backfill case's query with Spark SQL, one day after the other, and writes Parquet to the object store.

Started by spark-submit with the path of a job as JSON. Tells each finished day on a line of its own.
"""
import json
import sys

from pyspark.sql import SparkSession
from pyspark.sql.types import StructType


def main(path):
    with open(path, encoding="utf-8") as file:
        job = json.load(file)
    spark = SparkSession.builder.appName("sluice-extract").enableHiveSupport().getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    for table in job["tables"]:
        declare(spark, job["database"], table)
        if table["name"] != job["dated"]:
            spark.sql(f"CREATE OR REPLACE TEMP VIEW {table['name']} AS SELECT * FROM {job['database']}.{table['name']}")
    for day in job["days"]:
        write_day(spark, job, day)
        print(json.dumps({"day": day["day"]}), flush=True)
    spark.stop()


def declare(spark, database, table):
    """A table that the metastore does not know yet, where its location is given: partitioned by dt, as Hive lays it out."""
    spark.sql(f"CREATE DATABASE IF NOT EXISTS {database}")
    name = f"{database}.{table['name']}"
    if table["location"] is None or spark.catalog.tableExists(name):
        return
    schema = spark.read.parquet(table["location"]).schema
    columns = ", ".join(f"`{field.name}` {field.dataType.simpleString()}" for field in StructType(schema.fields) if field.name != "dt")
    spark.sql(f"CREATE EXTERNAL TABLE {name} ({columns}) PARTITIONED BY (dt STRING) STORED AS PARQUET LOCATION '{table['location']}'")
    spark.sql(f"MSCK REPAIR TABLE {name}")


def write_day(spark, job, day):
    spark.sql(f"CREATE OR REPLACE TEMP VIEW {job['dated']} AS SELECT * FROM {job['database']}.{job['dated']} WHERE dt = '{day['day']}'")
    rows = spark.sql(job["sql"])
    writer = rows.write.mode("errorifexists").option("compression", "zstd")
    for name, value in job["options"].items():
        writer = writer.option(name, value)
    writer.parquet(day["output"])


if __name__ == "__main__":
    main(sys.argv[1])
