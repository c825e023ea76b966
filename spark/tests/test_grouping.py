"""What an aggregate becomes: columns before Spark's operator, and one expression over them."""

from __future__ import annotations

from pathlib import Path

import pytest

from weir_spark.document import parse
from weir_spark.pipeline import Aggregate, Step
from weir_spark.sql import Translator
from weir_spark.stateful import Grouping

TYPES = {"fare": "decimal(10,2)", "_weir_a1": "decimal(10,2)"}


def grouping(monkeypatch: pytest.MonkeyPatch, sql: str) -> tuple[list[str], str]:
    language = Translator(lambda expression: TYPES.get(expression, "bigint"))
    monkeypatch.setattr("weir_spark.stateful.translator", lambda frame: language)
    value = parse(f'x: "{sql}"', Path("p.yaml")).section().need("x")
    spec = Aggregate(None, (), (("x", value),), "update", value)
    made = Grouping(Step("s", ("in",), value, aggregate=spec), spec, None, made=True)  # type: ignore[arg-type]
    return [text for _, text in made._tries], language.text(made._select[0][1], value)


@pytest.mark.parametrize(
    ("sql", "columns", "made"),
    [
        ("count(*)", [], "COUNT(*)"),
        ("count(*) FILTER (WHERE v > 1)", ["v > 1"], "COUNT(*) FILTER(WHERE _weir_a0)"),
        ("sum(v) FILTER (WHERE v > 1)", ["v > 1", "CASE WHEN _weir_a0.v THEN v END"], "SUM(CAST(_weir_a1 AS DECIMAL(38, 2)))"),
        ("count(DISTINCT v) FILTER (WHERE v > 1)", ["v > 1", "CASE WHEN _weir_a0.v THEN v END"], "SIZE(COLLECT_SET(_weir_a1))"),
        ("max(v) - min(v)", ["v"], "MAX(_weir_a0) - MIN(_weir_a0)"),
    ],
)
def test_arguments_become_columns(monkeypatch: pytest.MonkeyPatch, sql: str, columns: list[str], made: str) -> None:
    assert grouping(monkeypatch, sql) == (columns, made)


def test_a_filtered_average_has_no_filter_left(monkeypatch: pytest.MonkeyPatch) -> None:
    _, made = grouping(monkeypatch, "avg(fare) FILTER (WHERE v > 1)")
    assert "FILTER" not in made and "COUNT(CAST(_weir_a1" in made


def test_the_first_value_goes_by_time(monkeypatch: pytest.MonkeyPatch) -> None:
    _, made = grouping(monkeypatch, "first(v) FILTER (WHERE v > 1)")
    assert made == "(MIN_BY(_weir_a1, CASE WHEN _weir_a0 THEN _weir_order END))"
