"""Where records come from: Spark's Kafka connector, or its rate source."""

from __future__ import annotations

from collections.abc import Callable

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from weir_spark.columns import FATE, FATE_TYPE, SOURCE, SOURCE_TYPE, null
from weir_spark.decode import decoded, with_time
from weir_spark.pipeline import Source, Trigger

Records = Callable[[Source], DataFrame]  # a source's records as its connector gives them


def records(spark: SparkSession, trigger: Trigger) -> Records:
    def read(source: Source) -> DataFrame:
        options = dict(source.options)
        if trigger.kind == "once":  # all there is, as one batch
            options.pop("maxOffsetsPerTrigger", None)
        return spark.readStream.format(source.kind).options(**options).load()

    return read


def rows(source: Source, read: Records) -> DataFrame:
    """Every row of a source, the rejected ones included."""
    frame = read(source)
    if source.kind == "kafka":
        return decoded(frame, source)
    made = frame.select(F.col("value"), F.col("timestamp"), null(FATE_TYPE).alias(FATE), null(SOURCE_TYPE).alias(SOURCE))
    return with_time(made, source)
