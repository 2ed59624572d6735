package sluice.bench;

import java.util.Map;
import org.apache.spark.TaskContext;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.StructType;
import org.elasticsearch.hadoop.cfg.PropertiesSettings;
import org.elasticsearch.spark.sql.EsDataFrameWriter;
import scala.jdk.javaapi.CollectionConverters;

/** Hands rows to the connector's own writer, partition by partition. Its data source does the same, but asks the rows for an SQLContext before, which Spark 4 took from them. */
public final class RowWriter {
  private RowWriter() {}

  public static void save(Dataset<Row> rows, Map<String, String> options) {
    StructType schema = rows.schema();
    String settings = new PropertiesSettings().merge(options).save();
    rows.toJavaRDD().foreachPartition(partition -> new EsDataFrameWriter(schema, settings).write(TaskContext.get(), CollectionConverters.asScala(partition)));
  }
}
