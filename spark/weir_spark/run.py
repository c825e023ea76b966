"""Runs a pipeline: a query a stretch, each with its own checkpoint, until they end or one of them fails."""

from __future__ import annotations

from pyspark.sql import SparkSession
from pyspark.sql.streaming import StreamingQuery

from weir_spark.frames import Frames
from weir_spark.pipeline import Pipeline, Trigger
from weir_spark.queries import Stretch, stretches
from weir_spark.sinks import writer
from weir_spark.sources import records


def planned(spark: SparkSession, pipeline: Pipeline) -> list[Stretch]:
    """Every frame is made, so that what Spark cannot do is refused before anything starts."""
    read = records(spark, pipeline.trigger)
    found = stretches(pipeline, read, writer(pipeline))
    frames = Frames(pipeline, read)
    for name in (*pipeline.sources, *pipeline.steps):
        frames.all(name)
    return found


def run(spark: SparkSession, pipeline: Pipeline) -> None:
    found = planned(spark, pipeline)
    frames = Frames(pipeline, records(spark, pipeline.trigger))
    queries = [_start(pipeline, stretch, frames) for stretch in found]
    try:
        if pipeline.trigger.kind == "every":
            spark.streams.awaitAnyTermination()
        for query in queries:
            _outcome(query) if not query.isActive else query.awaitTermination()
    finally:
        for query in queries:
            query.stop()


def _outcome(query: StreamingQuery) -> None:
    failure = query.exception()
    if failure:
        raise failure


def _start(pipeline: Pipeline, stretch: Stretch, frames: Frames) -> StreamingQuery:
    # Beside Weir's own checkpoint, whose folder Spark does not touch.
    made = stretch.query(frames).option("checkpointLocation", f"{pipeline.checkpoint}.spark/{stretch.base}")
    return _triggered(made, pipeline.trigger).start()


def _triggered(made, trigger: Trigger):  # noqa: ANN001, ANN202 - pyspark's own builder
    if trigger.kind == "every":
        return made.trigger(processingTime=f"{trigger.every_us // 1000} milliseconds")
    return made.trigger(availableNow=True)
