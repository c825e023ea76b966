"""Plays a scenario on Spark through weir_spark: its records become files, one a batch, cut as Weir's scenario runner cuts them;
rows and dead letters are collected."""

from __future__ import annotations

import os
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from pyspark.errors import StreamingQueryException
from pyspark.sql import DataFrame, SparkSession
from scenario import Record, Scenario
from weir_spark import document
from weir_spark.frames import Frames
from weir_spark.pipeline import Pipeline, Sink, Source
from weir_spark.queries import Stretch, stretches
from weir_spark.read import pipeline_of

_SCHEMA = pa.schema(
    [
        ("key", pa.binary()),
        ("value", pa.binary()),
        ("topic", pa.string()),
        ("partition", pa.int32()),
        ("offset", pa.int64()),
        ("timestamp", pa.timestamp("us", tz="UTC")),
        (
            "headers",
            pa.list_(pa.struct([("key", pa.string()), ("value", pa.binary())])),
        ),
    ]
)
_SPARK_SCHEMA = (
    "key binary, value binary, topic string, partition int, offset bigint, timestamp timestamp, "
    "headers array<struct<key: string, value: binary>>"
)


@dataclass
class Outcome:
    rows: dict[str, list[dict[str, Any]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    late: int = 0
    error: str = ""


def play(spark: SparkSession, scenario: Scenario, folder: Path) -> Outcome:
    """Raises weir_spark's Problem or Problems for what it refuses."""
    pipeline = pipeline_of(document.parse(scenario.pipeline, folder / "pipeline.yaml"))
    outcome = Outcome()

    def records(source: Source) -> DataFrame:
        where = folder / source.name
        if not where.exists():
            _write(
                scenario.input.get(source.name, []),
                int(source.options["maxOffsetsPerTrigger"]),
                where,
            )
        return (
            spark.readStream.schema(_SPARK_SCHEMA)
            .option("maxFilesPerTrigger", 1)
            .parquet(str(where))
        )

    def write(sink: Sink, frame: DataFrame, _batch: int) -> None:
        outcome.rows[sink.name].extend(
            row.asDict(recursive=True) for row in frame.collect()
        )

    for stretch in stretches(pipeline, records, write):
        _run(pipeline, stretch, Frames(pipeline, records), folder, outcome)
    return outcome


def _run(
    pipeline: Pipeline, stretch: Stretch, frames: Frames, folder: Path, outcome: Outcome
) -> None:
    writer = stretch.query(frames).option(
        "checkpointLocation", str(folder / "checkpoint" / stretch.base)
    )
    query = (
        writer.queryName(folder.name + "/" + stretch.base)
        .trigger(availableNow=True)
        .start()
    )
    try:
        query.awaitTermination()
    except (
        StreamingQueryException
    ) as error:  # a query ends with whatever ended one of its batches
        outcome.error += str(error)
    own = pipeline.steps.get(stretch.base)
    for progress in query.recentProgress:
        operators = progress["stateOperators"]
        # A chain's operators come last first; the stretch's own is the first of them.
        if own and operators:
            outcome.late += int(operators[0].get("numRowsDroppedByWatermark", 0))


def _write(records: list[Record], batch_size: int, folder: Path) -> None:
    """By topic, partition and offset; a batch takes what is first in this order, as ScriptSource does."""
    folder.mkdir(parents=True)
    offsets: dict[tuple[str, int], int] = defaultdict(int)
    rows = []
    for record in sorted(records, key=lambda one: (one.topic, one.partition)):
        at = offsets[record.topic, record.partition]
        offsets[record.topic, record.partition] += 1
        headers = [{"key": name, "value": value} for name, value in record.headers]
        rows.append(
            {
                "key": record.key,
                "value": record.value,
                "topic": record.topic,
                "partition": record.partition,
            }
            | {"offset": at, "timestamp": record.timestamp_us, "headers": headers}
        )
    for number, start in enumerate(range(0, len(rows), batch_size)):
        chunk = rows[start : start + batch_size]
        file = folder / f"{number:06}.parquet"
        arrays = [
            pa.array([row[column.name] for row in chunk], type=column.type)
            for column in _SCHEMA
        ]
        pq.write_table(pa.table(arrays, schema=_SCHEMA), file)
        os.utime(
            file, (1_700_000_000 + number, 1_700_000_000 + number)
        )  # Spark reads them by age
