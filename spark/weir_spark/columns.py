"""The columns that weir-spark carries beside a row's own, and the columns of a dead letter."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

SOURCE = "_src"  # the record that the row came from; null where a step made the row
FATE = "_fate"  # why the row is a dead letter; null where it is none
TIME = "_time"  # event time, with Spark's watermark on it

SOURCE_TYPE = (
    "struct<value:binary,key:binary,headers:array<struct<name:string,value:binary>>,topic:string,`partition`:int,"
    "offset:bigint,timestamp:timestamp,contract:string>"
)
FATE_FIELDS = ("code", "field", "message", "step", "rule", "owner")
FATE_TYPE = "struct<" + ",".join(f"{name}:string" for name in FATE_FIELDS) + ">"
RECORD_FIELDS = ("value", "key", "headers", "topic", "partition", "offset", "timestamp")


def own(frame: DataFrame) -> list[str]:
    """The columns that a user sees."""
    return [name for name in frame.columns if name not in (SOURCE, FATE, TIME) and not name.startswith("_weir_")]


def quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def column(name: str) -> Column:
    return F.col(quoted(name))


def null(kind: str) -> Column:
    return F.lit(None).cast(kind)


def fate(code: str, step: str, *, message: str = "", rule: str = "", owner: str = "") -> Column:
    values = {"code": code, "message": message, "step": step, "rule": rule, "owner": owner}
    parts = [F.lit(values.get(name) or None).cast("string").alias(name) for name in FATE_FIELDS]
    return F.struct(*parts).cast(FATE_TYPE)


def tried(expression: str) -> Column:
    """struct<v: the value>, or NULL where computing it is an error: Spark's own TryEval, which has no SQL name."""
    from pyspark.sql.classic.column import Column as ClassicColumn

    struct = F.struct(F.expr(expression).alias("v"))
    jvm = struct._jc  # a classic session: Spark Connect has no such door
    from pyspark import SparkContext

    context = SparkContext._active_spark_context
    assert context is not None and context._jvm is not None
    catalyst = context._jvm.org.apache.spark.sql
    bridge = catalyst.classic.ExpressionUtils
    return ClassicColumn(bridge.column(catalyst.catalyst.expressions.TryEval(bridge.expression(jvm))))


def dead_letters(rejected: DataFrame, owner: str, spec_hash: str, batch: int) -> DataFrame:
    """As Weir's dead letters are: the record, or the row that a step made, and what was wrong with it."""
    record = {name: F.col(f"{SOURCE}.`{name}`") for name in RECORD_FIELDS}
    visible = [column(name) for name in own(rejected)]
    made = F.to_json(F.struct(*visible)).cast("binary") if visible else null("binary")
    record["value"] = F.when(F.col(SOURCE).isNull(), made).otherwise(record["value"])
    parts = [value.alias(name) for name, value in record.items()]
    parts += [F.col(f"{FATE}.{name}").alias(name) for name in FATE_FIELDS if name != "owner"]
    parts.append(F.coalesce(F.col(f"{FATE}.owner"), F.lit(owner or None)).alias("owner"))
    parts.append(F.col(f"{SOURCE}.contract").alias("contract"))
    parts += [F.lit(spec_hash).alias("spec_hash"), F.lit(batch).cast("bigint").alias("batch")]
    return rejected.select(*parts, F.current_timestamp().alias("time"))
