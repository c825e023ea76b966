"""What a pipeline file says, as plain values: the shape that the rest of the package works on. `read.py` makes it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from weir_spark.contract import Contract
from weir_spark.document import Value


@dataclass(frozen=True)
class Watermark:
    column: str
    delay_us: int


@dataclass(frozen=True)
class Source:
    name: str
    kind: str  # kafka | rate
    place: Value
    options: dict[str, str]
    contract: Contract | None = None
    metadata: tuple[str, ...] = ()
    watermark: Watermark | None = None


@dataclass(frozen=True)
class Rule:
    name: str
    check: Value
    on_fail: str
    owner: str


@dataclass(frozen=True)
class Window:
    kind: str  # tumbling | sliding | session
    length_us: int
    every_us: int
    offset_us: int = 0


@dataclass(frozen=True)
class Dedup:
    key: tuple[str, ...]
    within_us: int | None
    place: Value


@dataclass(frozen=True)
class Aggregate:
    window: Window | None
    by: tuple[tuple[str, Value], ...]
    select: tuple[tuple[str, Value], ...]
    mode: str
    place: Value


@dataclass(frozen=True)
class Step:
    """Exactly one of what it does is set."""

    name: str
    inputs: tuple[str, ...]
    place: Value
    filter: Value | None = None
    select: tuple[tuple[str, Value | None], ...] = ()  # None is the star
    expect: tuple[Rule, ...] = ()
    dedup: Dedup | None = None
    aggregate: Aggregate | None = None
    flatten: tuple[str, str] | None = None  # the array's column, and what an element is called

    @property
    def stateful(self) -> bool:
        return self.dedup is not None or self.aggregate is not None


@dataclass(frozen=True)
class Sink:
    name: str
    kind: str  # kafka | file | delta | console
    source: str
    place: Value
    options: dict[str, str] = field(default_factory=dict)
    path: str = ""
    format: str = "parquet"
    partition_by: tuple[str, ...] = ()
    key: str = ""
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Trigger:
    kind: str = "every"  # every | once | available_now
    every_us: int = 0


@dataclass(frozen=True)
class Pipeline:
    file: Path
    name: str
    owner: str
    sources: dict[str, Source]
    steps: dict[str, Step]
    sinks: dict[str, Sink]
    dead_letter: Sink | None
    trigger: Trigger
    checkpoint: str
    weaker: tuple[tuple[str, Value], ...]  # promises that Spark weakens, by their name in refusals.WEAKER
