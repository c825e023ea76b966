"""Reads a scenario file (tests/scenarios/README.md) for Spark, by the rules of tests/scenarios/runner/scenario.cc."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

# Why a scenario is not run on Spark. Closed: a new reason is a decision, made here. What weir-spark refuses needs no mark: the
# reason is the refusal's own (spark/weir_spark/refusals.py).
SKIPS = {
    "partitions": "it is about a watermark that waits for its partitions; Spark's does not",
    "clock": "it needs Weir's virtual clock",
    "order": "it is about the order of rows within one batch, which Spark does not keep",
    "files": "it is about Weir's own files: their names, sizes, or what is beside them",
}


@dataclass(frozen=True)
class Record:
    topic: str
    partition: int
    key: bytes | None
    value: bytes | None
    timestamp_us: int
    headers: list[tuple[str, bytes]]


@dataclass
class Scenario:
    file: Path
    pipeline: str
    input: dict[str, list[Record]]
    want: dict[str, list[dict[str, Any]]]
    dropped: dict[str, int]
    error: str
    skip: str = ""
    because: str = ""  # why Spark's rows are others on purpose
    columns: dict[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return f"{self.file.parent.name}/{self.file.stem}"


def read(file: Path) -> Scenario:
    root = yaml.compose(file.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    entries = {key.value: value for key, value in root.value}
    spark = _json(entries["spark"]) if "spark" in entries else {}
    unknown = set(spark) - {"skip", "note", "want", "because"}
    if unknown:
        raise ValueError(f"{file}: unknown key under spark: {', '.join(unknown)}")
    skip, because = spark.get("skip", ""), spark.get("because", "")
    if skip and skip not in SKIPS:
        raise ValueError(
            f"{file}: '{skip}' is no reason for a skip; there are {', '.join(SKIPS)}"
        )
    if ("want" in spark) != bool(because):
        raise ValueError(f"{file}: spark.want and spark.because go together")
    want = _json(entries["want"]) if "want" in entries else {}
    want.update(spark.get("want", {}))
    inputs = (
        yaml.safe_load(yaml.serialize(entries["input"])) if "input" in entries else {}
    )
    return Scenario(
        file=file,
        pipeline=entries["pipeline"].value,
        input={
            name: [_record(one) for one in records or []]
            for name, records in (inputs or {}).items()
        },
        want={sink: rows or [] for sink, rows in want.items()},
        dropped=_json(entries["dropped"]) if "dropped" in entries else {},
        error=entries["error"].value if "error" in entries else "",
        skip=skip,
        because=because,
    )


def _json(node: yaml.Node) -> Any:
    """Plain scalars become numbers, booleans or null as in JSON; quoted ones stay text."""
    if isinstance(node, yaml.MappingNode):
        return {key.value: _json(value) for key, value in node.value}
    if isinstance(node, yaml.SequenceNode):
        return [_json(value) for value in node.value]
    if node.style is not None:
        return node.value
    if node.value in ("", "~"):
        return None
    try:
        made = json.loads(node.value, parse_float=Decimal)
    except ValueError:
        return node.value
    return node.value if isinstance(made, dict | list) else made


def _record(entry: Any) -> Record:
    if not isinstance(entry, dict):
        return Record("", 0, None, str(entry).encode(), 0, [])
    value = entry.get("value")
    key = entry.get("key")
    if "binary" in entry:
        raw: bytes | None = bytes.fromhex(str(entry["binary"]))
    else:
        raw = None if value is None else str(value).encode()
    return Record(
        topic=entry.get("topic", ""),
        partition=int(entry.get("partition", 0)),
        key=None if key is None else str(key).encode(),
        value=raw,
        timestamp_us=int(entry.get("timestamp_us", 0)),
        headers=[
            (name, str(text).encode())
            for name, text in (entry.get("headers") or {}).items()
        ],
    )
