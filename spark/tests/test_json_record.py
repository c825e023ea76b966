"""A record earns the same code as in Weir. The codes of whole scenarios are tests/parity's."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest

from weir_spark.contract import Contract, Field, parse_type
from weir_spark.json_record import Reader

SUITE = Path(__file__).resolve().parents[2] / "tests" / "data" / "json_test_suite"


def reader(kind: str, **rules: object) -> Reader:
    drift = {key: rules.pop(key) for key in ("new_field", "missing_field", "type_change", "depth_max") if key in rules}
    return Reader(Contract("c", 1, (Field("x", parse_type(kind), **rules),), **drift))


def code(kind: str, text: str, **rules: object) -> str | None:
    _, rejection = reader(kind, **rules).read(text.encode())
    return rejection.code if rejection else None


def value(kind: str, text: str, **rules: object) -> object:
    row, rejection = reader(kind, **rules).read(text.encode())
    assert rejection is None and row is not None, rejection
    return row["x"]


@pytest.mark.parametrize(
    ("kind", "text", "wanted"),
    [
        ("int64", '{"x":9223372036854775807}', 2**63 - 1),
        ("int64", '{"x":-0}', 0),
        ("double", '{"x":1e-400}', 0.0),
        ("decimal(4,2)", '{"x":1.50e1}', Decimal("15.00")),
        ("decimal(38,0)", '{"x":' + "9" * 38 + "}", Decimal("9" * 38)),
        ("timestamp", '{"x":"2016-12-31T23:59:60Z"}', 1483228800000000),
        ("timestamp", '{"x":"1969-12-31T23:59:59.9999999+01:00"}', -3600000001),
        ("date", '{"x":"0000-03-01"}', -719468),
        ("json", '{"x":{"a":[1.0,"b"]}}', '{"a":[1.0,"b"]}'),
        ("list<int32>", '{"x":[1,null]}', [1, None]),
        ("struct<a: int32, b: string>", '{"x":{"b":"c"}}', {"a": None, "b": "c"}),
        ("string", '{"x":"\\ud83d\\ude00"}', "\U0001f600"),
    ],
)
def test_values(kind: str, text: str, wanted: object) -> None:
    assert value(kind, text) == wanted


@pytest.mark.parametrize(
    ("kind", "text", "wanted"),
    [
        ("int32", '{"x":2147483648}', "VALUE_OUT_OF_RANGE"),
        ("int32", '{"x":1.0}', "TYPE_MISMATCH"),
        ("double", '{"x":1e400}', "VALUE_OUT_OF_RANGE"),
        ("double", '{"x":NaN}', "JSON_PARSE_ERROR"),
        ("decimal(4,2)", '{"x":0.001}', "VALUE_OUT_OF_RANGE"),
        ("timestamp", '{"x":"2026-02-29T00:00:00Z"}', "VALUE_OUT_OF_RANGE"),
        ("timestamp", '{"x":"2026-02-28"}', "TYPE_MISMATCH"),
        ("string", '{"x":"\\ud800"}', "JSON_PARSE_ERROR"),
        ("string", '{"x":"a\nb"}', "JSON_PARSE_ERROR"),
        ("string", '\ufeff{"x":"a"}', "JSON_PARSE_ERROR"),
        ("string", '{"y":{"a":1,"a":2}}', "DUPLICATE_FIELD"),
        ("json", '{"x":{"a":1,"a":2}}', "DUPLICATE_FIELD"),
        ("string", "[" * 200 + "]" * 200, "NESTING_TOO_DEEP"),
        ("string", "[" * 100_000, "NESTING_TOO_DEEP"),
        ("string", " ", "JSON_PARSE_ERROR"),
        ("string", "3", "TYPE_MISMATCH"),
    ],
)
def test_codes(kind: str, text: str, wanted: str) -> None:
    assert code(kind, text) == wanted


def test_the_first_problem_in_the_text_counts_and_a_missing_field_comes_last() -> None:
    contract = Contract("c", 1, (Field("a", parse_type("int32"), required=True), Field("b", parse_type("int32"))))
    _, rejection = Reader(contract).read(b'{"b":"x"}')
    assert rejection and (rejection.code, rejection.field) == ("TYPE_MISMATCH", "b")
    _, rejection = Reader(contract).read(b'{"b":1}')
    assert rejection and (rejection.code, rejection.field) == ("MISSING_FIELD", "a")


def test_a_missing_object_value_after_a_parse_error_is_a_parse_error() -> None:
    assert code("int32", '{"x":"y"', required=True) == "JSON_PARSE_ERROR"


def test_unknown_fields_are_kept_where_the_contract_says_so() -> None:
    row, _ = reader("int32", new_field="keep_raw").read(b'{"x":1,"more":{"a":[1, 2]}}')
    assert row == {"x": 1, "_extra": '{"more":{"a":[1,2]}}'}
    assert code("int32", '{"x":1,"more":2}', new_field="dead_letter") == "UNEXPECTED_FIELD"


def test_a_changed_type_is_null_where_the_contract_says_so() -> None:
    assert value("int32", '{"x":"one"}', type_change="null") is None
    assert value("list<int32>", '{"x":[1,"one"]}', type_change="null") == [1, None]


# Valid by RFC 8259, which only says that names SHOULD be unique; Weir refuses them.
TWICE = {"y_object_duplicated_key", "y_object_duplicated_key_and_value"}


def suite() -> list[tuple[str, bytes]]:
    cases = map(json.loads, (SUITE / "cases.jsonl").read_text().splitlines())
    return [(one["name"], bytes.fromhex(one["hex"]) if "hex" in one else one["text"].encode()) for one in cases]


@pytest.mark.parametrize(("name", "text"), suite(), ids=[name for name, _ in suite()])
def test_json_test_suite(name: str, text: bytes) -> None:
    """As the value of a `json` field. What RFC 8259 leaves open is decided as in tests/unit/formats/json_test_suite_test.cc."""
    _, rejection = reader("json").read(b'{"x":' + text + b"}")
    found = rejection.code if rejection else None
    if name in TWICE:
        assert found == "DUPLICATE_FIELD"
    elif name.startswith("y_"):
        assert found is None, rejection
    elif name.startswith("n_"):
        assert found in ("JSON_PARSE_ERROR", "INVALID_UTF8", "NESTING_TOO_DEEP")
    elif "surrogate" in name and "UTF8" not in name and "utf8" not in name:
        assert found == "JSON_PARSE_ERROR"
