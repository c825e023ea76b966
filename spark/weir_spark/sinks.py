"""Where rows go. A batch may be written again after a crash: the same rows under the same number.

Delta remembers the number in the commit (txnAppId, txnVersion), a file sink replaces its own files of that number, Kafka and
the console may show rows twice.
"""

from __future__ import annotations

import uuid

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from weir_spark.columns import column
from weir_spark.pipeline import Pipeline, Sink
from weir_spark.queries import Write


def writer(pipeline: Pipeline) -> Write:
    def write(sink: Sink, frame: DataFrame, batch: int) -> None:
        # One name a sink and checkpoint, the same after a restart.
        identity = uuid.uuid5(uuid.NAMESPACE_URL, f"{pipeline.checkpoint}#{sink.name}").hex
        if sink.kind == "delta":
            _delta(sink, frame, identity, batch)
        elif sink.kind == "file":
            _files(sink, frame, identity[:8], batch)
        elif sink.kind == "kafka":
            _kafka(sink, frame)
        else:
            print(f"{pipeline.name}/{sink.name}, batch {batch}:")
            frame.show(int(sink.options["numRows"]), truncate=False)

    return write


def _delta(sink: Sink, frame: DataFrame, identity: str, batch: int) -> None:
    made = frame.write.format("delta").mode("append").options(**sink.options)
    made = made.option("txnAppId", identity).option("txnVersion", batch)
    made.partitionBy(*sink.partition_by).save(sink.path)


def _files(sink: Sink, frame: DataFrame, identity: str, batch: int) -> None:
    """Written aside, then moved in under names of this sink and batch; what a batch left before is replaced."""
    aside = f"{sink.path}/_weir_spark/{identity}-{batch}"
    made = frame.write.format(sink.format).mode("overwrite").options(**sink.options)
    if sink.format == "csv":
        made = made.option("header", "true")
    if sink.format == "json":
        made = made.option("ignoreNullFields", "false")
    made.partitionBy(*sink.partition_by).save(aside)
    context = frame.sparkSession.sparkContext
    assert context._jvm is not None
    hadoop = context._jvm.org.apache.hadoop.fs
    folder = hadoop.Path(aside)
    files = folder.getFileSystem(frame.sparkSession._jsparkSession.sessionState().newHadoopConf())
    for old in files.globStatus(hadoop.Path(sink.path + "/*" * len(sink.partition_by) + f"/{identity}-{batch}-*")) or []:
        files.delete(old.getPath(), False)
    found = files.listFiles(folder, True)
    root = files.makeQualified(folder).toString() + "/"
    number = 0
    while found.hasNext():
        path = found.next().getPath()
        if not path.getName().startswith("part-"):
            continue
        inside = path.getParent().toString().removeprefix(root.rstrip("/")).strip("/")
        target = hadoop.Path("/".join(part for part in (sink.path, inside) if part))
        files.mkdirs(target)
        ending = path.getName().split(".", 1)[1]
        files.rename(path, hadoop.Path(target, f"{identity}-{batch}-{number}.{ending}"))
        number += 1
    files.delete(folder, True)


def _kafka(sink: Sink, frame: DataFrame) -> None:
    parts = [json_value(frame).alias("value")]
    if sink.key:
        parts.append(_text(frame, sink.key).cast("binary").alias("key"))
    if sink.headers:
        pairs = [
            F.struct(F.lit(name).alias("key"), _text(frame, source).cast("binary").alias("value"))
            for name, source in sink.headers
        ]
        parts.append(F.array(*pairs).alias("headers"))
    frame.select(*parts).write.format("kafka").options(**sink.options).save()


def json_value(frame: DataFrame) -> Column:
    """A row as Weir writes it to Kafka: nulls are kept, times in UTC with their zone, binary as base64."""
    options = {"ignoreNullFields": "false", "timestampFormat": "yyyy-MM-dd'T'HH:mm:ss[.SSSSSS]XXX"}
    return F.to_json(F.struct(*(column(name) for name in frame.columns)), options)


def _text(frame: DataFrame, name: str) -> Column:
    kind = frame.schema[name].dataType.typeName()
    if kind == "binary":
        return column(name)
    if kind == "timestamp":
        return F.date_format(column(name), "yyyy-MM-dd'T'HH:mm:ssXXX")
    return column(name).cast("string")
