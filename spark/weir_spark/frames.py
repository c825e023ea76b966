"""The frames of a pipeline's sources and steps.

A *stretch* is a source or a stateful step and the stateless steps behind it, up to the next stateful one. Spark runs one
query a stretch: its batches hold what the base of the stretch gives, and the stateless rest is computed on each batch
(queries.py)."""

from __future__ import annotations

from collections.abc import Mapping

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from weir_spark import stateful, stateless
from weir_spark.columns import FATE, TIME
from weir_spark.pipeline import Pipeline
from weir_spark.refusals import refuse
from weir_spark.sources import Records, rows
from weir_spark.units import spark_interval


class Frames:
    """`given` holds what the base of a stretch gave; the rest follows from it."""

    def __init__(self, pipeline: Pipeline, records: Records, given: Mapping[str, DataFrame] | None = None) -> None:
        self._pipeline = pipeline
        self._records = records
        self._all: dict[str, DataFrame] = dict(given or {})
        self._good: dict[str, DataFrame] = {}
        self._prepared: dict[str, DataFrame] = {}

    def all(self, name: str) -> DataFrame:
        """Every row of a source or step, the rejected ones included."""
        if name not in self._all:
            source = self._pipeline.sources.get(name)
            self._all[name] = rows(source, self._records) if source else self._step(name)
        return self._all[name]

    def good(self, name: str) -> DataFrame:
        if name not in self._good:
            frame = self.all(name).filter(F.col(FATE).isNull())
            source = self._pipeline.sources.get(name)
            if source and source.watermark and frame.isStreaming:
                frame = frame.withWatermark(TIME, spark_interval(source.watermark.delay_us))
            self._good[name] = frame
        return self._good[name]

    def prepared(self, name: str) -> DataFrame:
        """What goes into a stateful step, with the rows that its expressions reject."""
        if name not in self._prepared:
            step = self._pipeline.steps[name]
            self._prepared[name] = stateful.prepared(step, self.good(step.inputs[0]))
        return self._prepared[name]

    def rejected(self, base: str) -> list[DataFrame]:
        """The dead letters of the stretch that begins at `base`."""
        found = [self.all(base)] if base in self._pipeline.sources else []
        for step in self._pipeline.steps.values():
            if self._pipeline_base(step.inputs[0]) == base:
                found.append(self.prepared(step.name) if step.stateful else self.all(step.name))
        return [frame.filter(F.col(FATE).isNotNull()) for frame in found]

    def _pipeline_base(self, name: str) -> str:
        return base_of(self._pipeline, name)

    def _step(self, name: str) -> DataFrame:
        step = self._pipeline.steps[name]
        if not step.stateful:
            return stateless.apply(step, self.good(step.inputs[0]), self._pipeline.owner)
        before = self._pipeline.steps.get(base_of(self._pipeline, step.inputs[0]))
        if before and before.aggregate and before.aggregate.mode != "append":
            raise refuse("after_update", step.place)
        ready = self.prepared(name).filter(F.col(FATE).isNull())
        return stateful.applied(step, ready, delay_of(self._pipeline, name))


def base_of(pipeline: Pipeline, name: str) -> str:
    """The source or stateful step that the stretch of `name` begins at."""
    while name not in pipeline.sources and not pipeline.steps[name].stateful:
        name = pipeline.steps[name].inputs[0]
    return name


def delay_of(pipeline: Pipeline, name: str) -> int | None:
    while name not in pipeline.sources:
        name = pipeline.steps[name].inputs[0]
    watermark = pipeline.sources[name].watermark
    return watermark.delay_us if watermark else None
