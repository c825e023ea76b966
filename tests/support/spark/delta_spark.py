"""A Spark session that reads and writes Delta tables: the reference implementation, to judge Weir's tables by.

One session serves the whole test run (the fixture `spark`): the first query costs about 15 s on two cores, later ones about
half a second. Spark's log store for local folders is not safe between processes: while Spark writes a table, nobody else may.
"""
import os

from pyspark.sql import SparkSession

import delta_jars


def start(scratch) -> SparkSession:
    os.environ.pop("SPARK_HOME", None)          # the Spark of pyspark, whatever else is installed
    os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
    session = (
        SparkSession.builder.master("local[2]").appName("weir tests")
        .config("spark.driver.extraClassPath", f"{delta_jars.libs()}/*")
        .config("spark.sql.extensions", "io.delta.sql.DeltaSparkSessionExtension")
        .config("spark.sql.catalog.spark_catalog", "org.apache.spark.sql.delta.catalog.DeltaCatalog")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.driver.extraJavaOptions", "-Duser.timezone=UTC -XX:+UseSerialGC -XX:TieredStopAtLevel=1")
        .config("spark.driver.memory", "768m")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .config("spark.sql.shuffle.partitions", "1")
        .config("spark.default.parallelism", "1")
        .config("spark.databricks.delta.snapshotPartitions", "1")
        .config("spark.sql.warehouse.dir", str(scratch / "warehouse"))
        .config("spark.local.dir", str(scratch / "local"))
        .getOrCreate())
    session.sparkContext.setLogLevel("ERROR")
    return session
