"""A Spark session with the settings that the translation of SQL counts on."""

from __future__ import annotations

import os
import tempfile
import zipfile
from pathlib import Path

from pyspark.sql import SparkSession

SETTINGS = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "true",
    # A common subexpression would be computed outside the TryEval that guards it.
    "spark.sql.subexpressionElimination.enabled": "false",
    "spark.sql.streaming.stateStore.stateSchemaCheck": "true",
    "spark.sql.streaming.noDataMicroBatches.enabled": "true",
    "spark.sql.streaming.statefulOperator.allowMultiple": "true",
    "spark.sql.execution.pythonUDF.arrow.enabled": "true",
}


def start(name: str, more: dict[str, str] | None = None) -> SparkSession:
    builder = SparkSession.builder.appName(name)
    for key, value in {**SETTINGS, **(more or {})}.items():
        builder = builder.config(key, value)
    session = builder.getOrCreate()
    for key, value in SETTINGS.items():
        session.conf.set(key, value)
    session.sparkContext.addPyFile(str(_package()))
    return session


def _package() -> Path:
    """This package as a file that Spark brings to its workers."""
    folder = Path(__file__).resolve().parent
    handle, name = tempfile.mkstemp(prefix="weir_spark-", suffix=".zip")
    os.close(handle)
    with zipfile.ZipFile(name, "w") as out:
        for file in sorted(folder.glob("*.py")):
            out.write(file, f"weir_spark/{file.name}")
    return Path(name)
