"""Kafka records to rows: each worker reads records against the contract (json_record.py), in Arrow batches."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from weir_spark.columns import FATE, FATE_FIELDS, FATE_TYPE, SOURCE, SOURCE_TYPE, TIME, column, null
from weir_spark.contract import Contract, Type
from weir_spark.json_record import Reader, Rejection
from weir_spark.pipeline import Source

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import DataFrame


def decoded(records: DataFrame, source: Source) -> DataFrame:
    """`records` has the columns of Spark's Kafka connector. Every record comes out, the rejected ones with their fate."""
    from pyspark.sql import functions as F

    assert source.contract is not None
    headers = F.coalesce(F.col("headers").cast("array<struct<name:string,value:binary>>"), F.array())
    fields = [F.col(name) for name in ("value", "key", "topic", "partition", "offset", "timestamp")]
    record = F.struct(
        fields[0], fields[1], headers.alias("headers"), *fields[2:], F.lit(source.contract.label).alias("contract")
    )
    schema = ",".join(f"`{name}` {kind}" for name, kind in source.contract.spark_schema())
    schema += f",{FATE} {FATE_TYPE},{SOURCE} {SOURCE_TYPE}"
    time = source.watermark.column if source.watermark else ""
    frame = records.select(record.cast(SOURCE_TYPE).alias(SOURCE)).mapInArrow(
        _decoder(source.contract, source.name, time), schema
    )
    for name in source.metadata:
        frame = frame.withColumn(f"_{name}", F.col(f"{SOURCE}.`{name}`"))
    return with_time(frame, source)


def with_time(frame: DataFrame, source: Source) -> DataFrame:
    return frame.withColumn(TIME, column(source.watermark.column) if source.watermark else null("timestamp"))


def _decoder(contract: Contract, step: str, time: str) -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    def decode(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        import pyarrow as pa

        reader = Reader(contract)
        columns = [(one.name, _arrow(one.type)) for one in contract.fields]
        if contract.new_field == "keep_raw":
            columns.append(("_extra", pa.string()))
        fate_type = pa.struct([(name, pa.string()) for name in FATE_FIELDS])
        for batch in batches:
            rows: list[dict[str, Any]] = []
            fates: list[dict[str, Any] | None] = []
            for value in batch.column(0).field("value").to_pylist():
                row, rejection = reader.read(value)
                if row is not None and time and row.get(time, 0) is None:
                    row, rejection = None, Rejection("NULL_NOT_ALLOWED", time, "the event time is null")
                rows.append(row or {})
                fates.append(_fate(rejection, step) if rejection else None)
            arrays = [pa.array([row.get(name) for row in rows], type=kind) for name, kind in columns]
            arrays += [pa.array(fates, type=fate_type), batch.column(0)]
            yield pa.RecordBatch.from_arrays(arrays, [*(name for name, _ in columns), FATE, SOURCE])

    return decode


def _fate(rejection: Rejection, step: str) -> dict[str, Any]:
    return {"code": rejection.code, "field": rejection.field, "message": rejection.message, "step": step}


def _arrow(kind: Type) -> pa.DataType:
    import pyarrow as pa

    if kind.kind == "decimal":
        return pa.decimal128(kind.width, kind.scale)
    if kind.kind == "list":
        return pa.list_(_arrow(kind.children[0][1]))
    if kind.kind == "struct":
        return pa.struct([(name, _arrow(child)) for name, child in kind.children])
    return {
        "string": pa.string(),
        "json": pa.string(),
        "bool": pa.bool_(),
        "int32": pa.int32(),
        "int64": pa.int64(),
        "double": pa.float64(),
        "timestamp": pa.timestamp("us", tz="UTC"),
        "date": pa.date32(),
        "binary": pa.binary(),
    }[kind.kind]
