"""Reads one entry of `sinks`, or `dead_letter`."""

from __future__ import annotations

from weir_spark.connection import kafka_options
from weir_spark.document import Section, Value
from weir_spark.pipeline import Sink
from weir_spark.refusals import refuse

_COMPRESSION = {"none": {"parquet": "uncompressed", "json": "none", "csv": "none"}}


def read_sink(
    name: str,
    value: Value,
    connections: dict[str, Value],
    weaker: list[tuple[str, Value]],
    dead_letter: bool = False,
) -> Sink:
    section = value.section()
    kind = section.need("type")
    source = "" if dead_letter else section.need("from").text()
    section.ignore("retry", "timeout")  # Spark retries a failed task, and a failed query is started again
    if kind.text() == "kafka":
        return _kafka(name, source, section, connections, weaker)
    if kind.text() in ("file", "delta"):
        return _files(name, kind.text(), source, section)
    if kind.text() != "console":
        raise refuse("sink_type", kind, kind.text())
    rows = section.text("rows", "20")
    section.end()
    return Sink(name, "console", source, value, {"numRows": rows})


def _kafka(name: str, source: str, section: Section, connections: dict[str, Value], weaker: list[tuple[str, Value]]) -> Sink:
    connection = section.need("connection")
    if connection.text() not in connections:
        raise connection.wrong(f"there is no connection '{connection.text()}'")
    options = kafka_options(connections[connection.text()])
    options["topic"] = section.need("topic").text()
    options["kafka.compression.type"] = section.text("compression", "lz4")
    guarantee = section.take("guarantee")
    if guarantee and guarantee.choice("exactly_once", "at_least_once") == "exactly_once":
        raise refuse("exactly_once", guarantee)
    if not guarantee:
        weaker.append(("at-least-once", section.value))
    headers = section.take("headers")
    pairs = tuple((key, column.text()) for key, column in headers.section()) if headers else ()
    key = section.text("key")
    section.end()
    return Sink(name, "kafka", source, section.value, options, key=key, headers=pairs)


def _files(name: str, kind: str, source: str, section: Section) -> Sink:
    path = section.need("path").text()
    if "://" not in path:
        path = str(section.value.file.parent / path)
    options: dict[str, str] = {}
    form = "delta"
    if kind == "delta":
        options["mergeSchema"] = "true" if section.text("schema", "merge") == "merge" else "false"
    else:
        form_value = section.take("format")
        form = form_value.choice("parquet", "json", "csv") if form_value else "parquet"
        compression = section.text("compression", "zstd" if form == "parquet" else "none")
        options["compression"] = _COMPRESSION.get(compression, {}).get(form, compression)
        roll = section.take("roll")
        if roll:
            limits = roll.section()
            size = limits.take("size")
            if size:
                raise refuse("roll_size", size)
            options["maxRecordsPerFile"] = limits.need("rows").text()
            limits.end()
    partition_by = tuple(section.texts("partition_by"))
    section.end()
    return Sink(name, kind, source, section.value, options, path, form, partition_by)
