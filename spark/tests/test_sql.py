"""DuckDB's expressions as Spark's: what is written, and what is refused. That both mean the same is tests/parity's to show."""

from __future__ import annotations

from pathlib import Path

import pytest

from weir_spark.document import Value, parse
from weir_spark.problem import Problem
from weir_spark.sql import Translator

TYPES = {"d": "double", "m": "decimal(10,2)", "l": "array<int>", "s": "string", "t": "timestamp"}


def value(sql: str) -> Value:
    return parse("x: '" + sql.replace("'", "''") + "'", Path("p.yaml")).section().need("x")


def spark(sql: str) -> str:
    return Translator(lambda expression: TYPES.get(expression, "bigint")).sql(value(sql))


@pytest.mark.parametrize(
    ("duckdb", "wanted"),
    [
        ("a + b * 2", "a + b * 2"),
        ("a // b", "(CASE WHEN b = 0 THEN NULL ELSE a DIV b END)"),
        ("CAST(m AS BIGINT)", "CAST(ROUND(m, 0) AS BIGINT)"),
        ("CAST(d AS INTEGER)", "CAST(RINT(d) AS INT)"),
        ("TRY_CAST(s AS INTEGER)", "TRY_CAST(TRIM(s) AS INT)"),
        ("sum(a)", "SUM(CAST(a AS DECIMAL(38, 0)))"),
        ("sum(m)", "SUM(CAST(m AS DECIMAL(38, 2)))"),
        ("sum(d)", "SUM(d)"),
        ("count(DISTINCT a)", "SIZE(COLLECT_SET(a))"),
        ("epoch_us(t)", "UNIX_MICROS(t)"),
        ("len(s)", "CHAR_LENGTH(s)"),
        ("strftime(t, 'at %H:%M')", r"DATE_FORMAT(t, '\'at \'HH\':\'mm')"),
        ("a IS DISTINCT FROM b", "a IS DISTINCT FROM b"),
    ],
)
def test_written_for_spark(duckdb: str, wanted: str) -> None:
    assert spark(duckdb) == wanted


@pytest.mark.parametrize(
    ("duckdb", "wanted"),
    [
        ("random()", "this function"),
        ("regexp_replace(s, 'a', 'b')", "Spark replaces every match"),
        ("CAST(d AS VARCHAR)", "text made from a double"),
        ("(SELECT 1)", "cannot be done on Spark"),
        ("strftime(t, '%c')", "strftime %c"),
        ("a +", "is no expression"),
        ("some_function(a)", "this function (some_function)"),
    ],
)
def test_refused_with_its_reason(duckdb: str, wanted: str) -> None:
    with pytest.raises(Problem) as caught:
        spark(duckdb)
    assert wanted in str(caught.value) and "p.yaml:1:4: x" in str(caught.value)
