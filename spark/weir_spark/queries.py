"""One Spark query a stretch (frames.py): each batch of its base is kept, the stateless rest is computed on it, and the rows go
to the stretch's sinks, dead letters last."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import reduce

from pyspark.sql import DataFrame
from pyspark.sql.streaming import DataStreamWriter

from weir_spark.columns import column, dead_letters, own
from weir_spark.frames import Frames, base_of
from weir_spark.pipeline import Pipeline, Sink
from weir_spark.refusals import refuse
from weir_spark.sources import Records

Write = Callable[[Sink, DataFrame, int], None]  # rows of one batch; the same batch again must change nothing


class Stretch:
    def __init__(self, pipeline: Pipeline, base: str, records: Records, write: Write) -> None:
        self._pipeline = pipeline
        self._records = records
        self._write = write
        self.base = base
        self.sinks = [sink for sink in pipeline.sinks.values() if base_of(pipeline, sink.source) == base]
        self.mode = self._output_mode()

    def query(self, frames: Frames) -> DataStreamWriter:
        return (
            frames.all(self.base)
            .writeStream.queryName(f"{self._pipeline.name}/{self.base}")
            .outputMode(self.mode)
            .foreachBatch(self._batch)
        )

    def _output_mode(self) -> str:
        step = self._pipeline.steps.get(self.base)
        mode = step.aggregate.mode if step and step.aggregate else "append"
        if mode != "append":
            for sink in self.sinks:
                if sink.kind in ("file", "delta"):
                    raise refuse("update_sink", sink.place)
        return mode

    def _batch(self, rows: DataFrame, number: int) -> None:
        rows = rows.persist()
        try:
            frames = Frames(self._pipeline, self._records, {self.base: rows})
            for sink in self.sinks:
                good = frames.good(sink.source)
                self._write(sink, good.select(*(column(name) for name in own(good))), number)
            self._dead_letters(frames, number)
        finally:
            rows.unpersist()

    def _dead_letters(self, frames: Frames, number: int) -> None:
        sink, pipeline = self._pipeline.dead_letter, self._pipeline
        rejected = frames.rejected(self.base)
        if sink is None or not rejected:
            return
        letters = [dead_letters(one, pipeline.owner, spec_hash(pipeline), number) for one in rejected]
        self._write(sink, reduce(DataFrame.unionByName, letters), number)


def stretches(pipeline: Pipeline, records: Records, write: Write) -> list[Stretch]:
    """Those that have something to write. A source without a dead letter sink and without sinks has nothing."""
    bases = [*pipeline.sources, *(step.name for step in pipeline.steps.values() if step.stateful)]
    found = [Stretch(pipeline, base, records, write) for base in bases]
    return [one for one in found if one.sinks or (pipeline.dead_letter and _can_reject(pipeline, one.base))]


def _can_reject(pipeline: Pipeline, base: str) -> bool:
    return base in pipeline.sources or any(base_of(pipeline, s.inputs[0]) == base for s in pipeline.steps.values())


def spec_hash(pipeline: Pipeline) -> str:
    text = pipeline.file.read_bytes() if pipeline.file.exists() else pipeline.name.encode()
    return hashlib.blake2b(text, digest_size=8).hexdigest()
