"""Reads one entry of `sources`."""

from __future__ import annotations

import json
from datetime import datetime

from weir_spark.connection import kafka_options
from weir_spark.contract import read_contract
from weir_spark.document import Section, Value
from weir_spark.pipeline import Source, Watermark
from weir_spark.refusals import refuse

METADATA = ("key", "topic", "partition", "offset", "timestamp", "headers")


def read_source(
    name: str,
    value: Value,
    connections: dict[str, Value],
    contracts: dict[str, Value],
    weaker: list[tuple[str, Value]],
) -> Source:
    section = value.section()
    kind = section.need("type")
    watermark = _watermark(section, weaker)
    if kind.text() == "rate":
        options = {"rowsPerSecond": section.text("rows_per_second", "1")}
        options["numPartitions"] = section.text("partitions", "1")
        if section.take("rows"):
            raise refuse("source_type", value, "a rate source that ends")
        section.end()
        return Source(name, "rate", value, options, watermark=watermark)
    if kind.text() != "kafka":
        raise refuse("source_type", kind, kind.text())
    options = kafka_options(_connection(section, connections))
    options |= _topics(section) | _start(section)
    rate, format_value = section.take("rate"), section.need("format").section()
    if rate:
        raise refuse("rate_limit", rate)
    options["maxOffsetsPerTrigger"] = section.text("max_records", "500000")
    options["failOnDataLoss"] = "false" if section.text("on_data_loss", "fail") == "continue" else "true"
    options["includeHeaders"] = "true"
    group = section.text("group")
    if group:
        options["groupIdPrefix"] = group
    section.ignore("max_bytes")  # Spark has no limit of bytes; max_records bounds a batch there
    format_value.need("type").choice("json")
    contract = read_contract(format_value.need("contract"), contracts)
    format_value.end()
    metadata = section.take("metadata")
    wanted = {item.choice(*METADATA) for item in metadata.items()} if metadata else set()
    section.end()
    return Source(name, "kafka", value, options, contract, tuple(m for m in METADATA if m in wanted), watermark)


def _connection(section: Section, connections: dict[str, Value]) -> Value:
    entry = section.need("connection")
    if entry.text() not in connections:
        raise entry.wrong(f"there is no connection '{entry.text()}'")
    return connections[entry.text()]


def _topics(section: Section) -> dict[str, str]:
    pattern = section.text("topic_pattern")
    topics = section.texts("topics")
    if bool(pattern) == bool(topics):
        raise section.value.wrong("a kafka source has either topics or topic_pattern")
    return {"subscribePattern": pattern} if pattern else {"subscribe": ",".join(topics)}


def _start(section: Section) -> dict[str, str]:
    start = section.take("start")
    if start is None:
        return {"startingOffsets": "earliest"}
    if start.is_map():
        if "topic_pattern" in section:
            raise refuse("topic_pattern_start", start)
        wanted = {topic: {part: int(at) for part, at in parts.items()} for topic, parts in start.plain().items()}
        return {"startingOffsets": json.dumps(wanted)}
    word = start.text()
    if word in ("earliest", "latest"):
        return {"startingOffsets": word}
    try:
        moment = datetime.fromisoformat(word.replace("Z", "+00:00"))
    except ValueError:
        raise start.wrong("expected earliest, latest, a time or a map of offsets") from None
    if moment.tzinfo is None:
        raise start.wrong("a time has its zone, as in 2026-01-31T08:00:00Z")
    return {
        "startingTimestamp": str(round(moment.timestamp() * 1000)),
        "startingOffsetsByTimestampStrategy": "latest",
    }


def _watermark(section: Section, weaker: list[tuple[str, Value]]) -> Watermark | None:
    entry = section.take("watermark")
    if entry is None:
        return None
    words = entry.section()
    column, delay = words.need("column").text(), words.need("delay").duration()
    for key in ("idle_after", "max_future"):
        refused = words.take(key)
        if refused:
            raise refuse(key, refused)
    across = words.take("across")
    if across is None or across.choice("partitions", "max") == "partitions":
        weaker.append(("across-max", across or entry))
    words.end()
    return Watermark(column, delay)
