"""filter, select and expect over a frame, streaming or not. Each gives every row back: those that go on, and those that are
dead letters now, with their fate. An error in one row is that row's fate and stops nothing."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from weir_spark.columns import FATE, SOURCE, TIME, column, fate, own, quoted, tried
from weir_spark.document import Value
from weir_spark.pipeline import Rule, Step
from weir_spark.sql import Translator

_TRIED = "_weir_try"


def translator(frame: DataFrame) -> Translator:
    def type_of(expression: str) -> str:
        return frame.select(F.expr(expression).alias("x")).schema[0].dataType.simpleString()

    return Translator(type_of)


def apply(step: Step, frame: DataFrame, owner: str) -> DataFrame:
    if step.filter is not None:
        return _filter(step, step.filter, frame)
    if step.select:
        return _select(step, frame)
    for rule in step.expect:
        frame = _expect(step, rule, frame, owner)
    return frame


def _filter(step: Step, condition: Value, frame: DataFrame) -> DataFrame:
    name = quoted(_TRIED)
    frame = frame.withColumn(_TRIED, tried(translator(frame).sql(condition)))
    frame = _failed(frame, F.col(name).isNull(), fate("EXPRESSION_ERROR", step.name, message="the filter is an error"))
    # Not deterministic to Spark, so that it stays above the watermark: filtered rows lead the watermark, too.
    here = F.spark_partition_id() >= 0
    keep = F.coalesce(F.col(f"{name}.v"), F.lit(False)) | F.col(FATE).isNotNull()
    return frame.filter(keep == here).drop(_TRIED)


def _select(step: Step, frame: DataFrame) -> DataFrame:
    language = translator(frame)
    out: dict[str, Column] = {}
    attempts: list[str] = []
    for at, (name, value) in enumerate(step.select):
        if value is None:
            out.update({one: column(one) for one in own(frame)})
            continue
        sql = language.sql(value)
        existing = next((one for one in out if one.lower() == name.lower()), name)
        if sql in frame.columns:
            out[existing] = column(sql)
            continue
        attempts.append(f"{_TRIED}{at}")
        frame = frame.withColumn(attempts[-1], tried(sql))
        out[existing] = F.col(f"`{attempts[-1]}`.v")
    for attempt in attempts:
        wrong = fate("EXPRESSION_ERROR", step.name, message="an expression is an error")
        frame = _failed(frame, F.col(attempt).isNull(), wrong)
    return frame.select(*(made.alias(name) for name, made in out.items()), FATE, SOURCE, TIME)


def _expect(step: Step, rule: Rule, frame: DataFrame, owner: str) -> DataFrame:
    frame = frame.withColumn(_TRIED, tried(translator(frame).sql(rule.check)))
    mine = rule.owner or owner
    broken = fate("EXPRESSION_ERROR", step.name, rule=rule.name, owner=mine, message="the check is an error")
    frame = _failed(frame, F.col(_TRIED).isNull(), broken)
    passed = F.coalesce(F.col(f"{_TRIED}.v"), F.lit(False))
    if rule.on_fail == "dead_letter":
        failed = fate("EXPECTATION_FAILED", step.name, rule=rule.name, owner=mine, message=f"{rule.name} does not hold")
        frame = _failed(frame, ~passed, failed)
    elif rule.on_fail == "fail":
        stop = F.raise_error(F.lit(f"{step.name}: the rule {rule.name} does not hold (on_fail: fail)"))
        frame = frame.withColumn(
            FATE,
            F.when(F.col(FATE).isNotNull() | passed, F.col(FATE)).otherwise(stop.cast(frame.schema[FATE].dataType)),
        )
    return frame.drop(_TRIED)


def _failed(frame: DataFrame, when: Column, what: Column) -> DataFrame:
    """The first fate of a row stays."""
    return frame.withColumn(FATE, F.when(F.col(FATE).isNotNull(), F.col(FATE)).when(when, what))
