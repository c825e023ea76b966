"""How rows of Spark differ from the wanted ones. Doubles agree within 1e-9 of their size, everything else exactly."""

from __future__ import annotations

import math
from datetime import date, datetime
from decimal import Decimal
from typing import Any


def difference(
    sink: str, wanted: list[dict[str, Any]], got: list[dict[str, Any]]
) -> list[str]:
    left = list(got)
    out = []
    for row in wanted:
        match = next(
            (
                one
                for one in left
                if _row_equal(row, one, partial=sink == "dead_letter")
            ),
            None,
        )
        if match is None:
            out.append(f"{sink} lacks {row}")
        else:
            left.remove(match)
    return out + [f"{sink} has beyond that {_short(row)}" for row in left]


def _short(row: dict[str, Any]) -> dict[str, Any]:
    keys = ("code", "field", "step", "rule", "offset", "partition", "message")
    return (
        {key: row[key] for key in keys if row.get(key) is not None}
        if "code" in row and "step" in row
        else row
    )


def _row_equal(wanted: dict[str, Any], got: dict[str, Any], partial: bool) -> bool:
    if not partial and set(wanted) != set(got):
        return False
    return all(key in got and _equal(value, got[key]) for key, value in wanted.items())


def _equal(wanted: Any, got: Any) -> bool:
    if isinstance(wanted, dict) and isinstance(got, dict):
        return _row_equal(wanted, got, partial=False)
    if isinstance(wanted, list) and isinstance(got, list):
        return len(wanted) == len(got) and all(map(_equal, wanted, got))
    if (
        isinstance(wanted, bool)
        or isinstance(got, bool)
        or wanted is None
        or got is None
    ):
        return wanted is got
    if isinstance(got, float):
        number = _number(wanted)
        return number is not None and (
            math.isclose(number, got, rel_tol=1e-9, abs_tol=1e-12) or number == got
        )
    if isinstance(got, int | Decimal):
        return isinstance(wanted, int | Decimal) and Decimal(wanted) == Decimal(got)
    if isinstance(got, datetime):
        text = str(wanted).replace("T", " ").removesuffix("Z").removesuffix("+00")
        return text == str(got) or text == str(got).rstrip("0")
    if isinstance(got, date):
        return str(wanted) == got.isoformat()
    if isinstance(got, bytes | bytearray):
        return isinstance(wanted, str) and wanted.encode() == bytes(got)
    return wanted == got


def _number(wanted: Any) -> float | None:
    """A double that JSON cannot hold, or that a reader took for text, stands as text in a scenario."""
    try:
        return float(wanted)
    except (TypeError, ValueError):
        return None
