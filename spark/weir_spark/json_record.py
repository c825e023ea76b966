"""Reads a JSON record against its contract: a row, or the code that says why there is none. The codes are Weir's, and
where a record breaks several rules it is the same one: the first in the text, a missing field after all others."""

from __future__ import annotations

import base64
import binascii
import json
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from weir_spark.contract import Contract, Field, Type
from weir_spark.times import Impossible, Malformed, date_days, in_range, rfc3339_micros

_EPOCH_DIGITS = {"epoch_seconds": 6, "epoch_millis": 3, "epoch_micros": 0}


class Number(str):
    """A number as it was written: no digit is lost before its column's type is known."""


class Members(list[tuple[str, Any]]):
    """An object as its members in order, the repeated ones included."""


def _no_constant(word: str) -> None:
    raise ValueError(f"{word} is no JSON value")


_parse = json.JSONDecoder(
    object_pairs_hook=Members, parse_int=Number, parse_float=Number, parse_constant=_no_constant, strict=True
).decode


@dataclass(frozen=True)
class Rejection:
    code: str
    field: str | None
    message: str


class _Reject(Exception):
    def __init__(self, code: str, path: tuple[Any, ...], message: str) -> None:
        super().__init__(message)
        self.rejection = Rejection(code, _path_text(path) or None, message)


class Reader:
    """One a worker; keeps nothing between records."""

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        self._fields = {field.name: field for field in contract.fields}
        self._patterns = {f.name: re.compile(f.pattern) for f in contract.fields if f.pattern}
        self._missing: Rejection | None = None
        self._extra: list[str] = []

    def read(self, record: bytes | None) -> tuple[dict[str, Any] | None, Rejection | None]:
        self._missing = None
        self._extra = []
        try:
            row = self._row(self._text(record))
        except _Reject as reject:
            return None, reject.rejection
        if self._missing:
            return None, self._missing
        if self._contract.new_field == "keep_raw":
            row["_extra"] = "{" + ",".join(self._extra) + "}" if self._extra else None
        return row, None

    def _text(self, record: bytes | None) -> Any:
        if record is None:
            raise _Reject("NULL_VALUE", (), "the value is null (a tombstone)")
        if len(record) > self._contract.size_max:
            raise _Reject("RECORD_TOO_LARGE", (), f"{len(record)} bytes, the contract takes {self._contract.size_max}")
        try:
            text = bytes(record).decode("utf-8")
        except UnicodeDecodeError as error:
            raise _Reject("INVALID_UTF8", (), f"not UTF-8 at byte {error.start}") from None
        try:
            value = _parse(text)
        except RecursionError:
            raise self._deep(()) from None
        except ValueError as error:
            raise _Reject("JSON_PARSE_ERROR", (), str(error)) from None
        self._check_all(value, 1, ())
        if "\\u" in text and not _encodes(value):
            raise _Reject("JSON_PARSE_ERROR", (), "half of a surrogate pair")
        return value

    def _deep(self, path: tuple[Any, ...]) -> _Reject:
        return _Reject("NESTING_TOO_DEEP", path, f"nested more than {self._contract.depth_max} deep")

    # What makes a record unreadable goes before what breaks the contract.
    def _check_all(self, value: Any, depth: int, path: tuple[Any, ...]) -> None:
        if not isinstance(value, list):
            return
        if depth > self._contract.depth_max:
            raise self._deep(path)
        children = value if isinstance(value, Members) else enumerate(value)
        for name, child in children:
            self._check_all(child, depth + 1, (*path, name))

    def _row(self, value: Any) -> dict[str, Any]:
        if not isinstance(value, Members):
            raise _Reject("TYPE_MISMATCH", (), f"expected an object with the contract's fields, found {_found(value)}")
        row: dict[str, Any] = {}
        seen: set[str] = set()
        for name, child in value:
            path = (name,)
            self._repeat(name, seen, path)
            field = self._fields.get(name)
            if field is None:
                self._unknown(child, path)
            else:
                row[name] = self._field(field, child, path)
        for field in self._contract.fields:
            if field.name not in row:
                row[field.name] = None
                if field.required and (self._contract.missing_field == "dead_letter" or not field.nullable):
                    self._missing = self._missing or Rejection(
                        "MISSING_FIELD", _path_text((field.name,)), "a required field is not there"
                    )
        return row

    def _repeat(self, name: str, seen: set[str], path: tuple[Any, ...]) -> None:
        if name in seen:
            raise _Reject("DUPLICATE_FIELD", path, "the field is there twice in one object")
        seen.add(name)

    def _unknown(self, value: Any, path: tuple[Any, ...]) -> None:
        if self._contract.new_field == "dead_letter":
            raise _Reject("UNEXPECTED_FIELD", path, "the contract has no such field (drift.new_field: dead_letter)")
        self._skip(value, path)
        if self._contract.new_field == "keep_raw":
            self._extra.append(json.dumps(_path_text(path), ensure_ascii=False) + ":" + json_text(value))

    # A name that is there twice is wrong at any depth, in what nobody reads, too.
    def _skip(self, value: Any, path: tuple[Any, ...]) -> None:
        if isinstance(value, Members):
            seen: set[str] = set()
            for name, child in value:
                self._repeat(name, seen, (*path, name))
                self._skip(child, (*path, name))
        elif isinstance(value, list):
            for at, child in enumerate(value):
                self._skip(child, (*path, at))

    def _field(self, field: Field, value: Any, path: tuple[Any, ...]) -> Any:
        if value is None:
            if not field.nullable:
                raise _Reject("NULL_NOT_ALLOWED", path, "null is no value of the field")
            return None
        try:
            made = self._value(field.type, value, field.format, path)
        except _Changed as changed:
            if self._contract.type_change == "null" and field.nullable:
                self._skip(value, path)
                return None
            raise _Reject("TYPE_MISMATCH", changed.path, changed.message) from None
        if field.values and made not in field.values:
            raise _Reject("VALUE_NOT_ALLOWED", path, f"{json.dumps(made)} is none of the values of the contract")
        if field.name in self._patterns and not self._patterns[field.name].fullmatch(made):
            raise _Reject("VALUE_NOT_ALLOWED", path, f"{json.dumps(made)} does not match the pattern {field.pattern}")
        if (field.low is not None and Decimal(made) < field.low) or (field.high is not None and Decimal(made) > field.high):
            raise _Reject("VALUE_OUT_OF_RANGE", path, f"number {value}, beyond the contract's min or max")
        return made

    def _value(self, kind: Type, value: Any, form: str, path: tuple[Any, ...]) -> Any:
        if kind.kind == "json":
            self._skip(value, path)
            return json_text(value)
        if value is None:
            return None
        number = isinstance(value, Number)
        text = isinstance(value, str) and not number
        if kind.kind == "string" and text:
            return value
        if kind.kind == "bool" and isinstance(value, bool):
            return value
        if kind.kind in ("int32", "int64") and number:
            return _integer(kind, value, path)
        if kind.kind == "double" and number:
            return _double(value, path)
        if kind.kind == "decimal" and number:
            return _decimal(kind, value, path)
        if kind.kind == "timestamp" and form != "rfc3339" and number:
            return _epoch(value, form, path)
        if text and (kind.kind in ("date", "binary") or (kind.kind == "timestamp" and form == "rfc3339")):
            return _text_value(kind, value, path)
        if kind.kind == "list" and isinstance(value, list) and not isinstance(value, Members):
            element = kind.children[0][1]
            return [self._inner(element, child, form, (*path, at)) for at, child in enumerate(value)]
        if kind.kind == "struct" and isinstance(value, Members):
            return self._struct(kind, value, form, path)
        raise _Changed(path, f"expected {kind.kind}, found {_found(value)}")

    # Below the root a changed type is handled where it stands: the rest of the record is kept.
    def _inner(self, kind: Type, value: Any, form: str, path: tuple[Any, ...]) -> Any:
        try:
            return self._value(kind, value, form, path)
        except _Changed as changed:
            if self._contract.type_change == "null":
                self._skip(value, path)
                return None
            raise _Reject("TYPE_MISMATCH", changed.path, changed.message) from None

    def _struct(self, kind: Type, members: Members, form: str, path: tuple[Any, ...]) -> dict[str, Any]:
        children = dict(kind.children)
        row: dict[str, Any] = dict.fromkeys(children)
        seen: set[str] = set()
        for name, child in members:
            here = (*path, name)
            self._repeat(name, seen, here)
            if name in children:
                row[name] = self._inner(children[name], child, form, here)
            else:
                self._unknown(child, here)
        return row


class _Changed(Exception):
    def __init__(self, path: tuple[Any, ...], message: str) -> None:
        super().__init__(message)
        self.path = path
        self.message = message


def _integer(kind: Type, value: Number, path: tuple[Any, ...]) -> int:
    if not value.lstrip("-").isdigit():
        raise _Changed(path, f"expected {kind.kind}, found number {value} (written with a point or an exponent)")
    bits = 31 if kind.kind == "int32" else 63
    if len(value) > 20 or not -(2**bits) <= int(value) < 2**bits:
        raise _Reject("VALUE_OUT_OF_RANGE", path, f"number {value} is beyond the range of {kind.kind}")
    return int(value)


def _double(value: Number, path: tuple[Any, ...]) -> float:
    made = float(value)
    if made in (float("inf"), float("-inf")):
        raise _Reject("VALUE_OUT_OF_RANGE", path, f"number {value} is beyond the range of double")
    return made


def _scaled(value: Number, digits: int) -> tuple[int, bool] | None:
    """value * 10^digits, cut off towards the past, and whether that was exact. None where it has more than 38 digits."""
    sign, figures, exponent = Decimal(value).as_tuple()
    shift = int(exponent) + digits
    whole = int("".join(map(str, figures)))
    if whole == 0:
        return 0, True
    if len(figures) + shift > 39:
        return None
    if shift >= 0:
        made, rest = whole * 10**shift, 0
    elif -shift > len(figures):
        made, rest = 0, 1
    else:
        made, rest = divmod(whole, 10**-shift)
    return (-made - (1 if rest else 0) if sign else made), rest == 0


def _decimal(kind: Type, value: Number, path: tuple[Any, ...]) -> Decimal:
    scaled = _scaled(value, kind.scale)
    if scaled is None or abs(scaled[0]) >= 10**kind.width or not scaled[1]:
        raise _Reject("VALUE_OUT_OF_RANGE", path, f"number {value} has more digits than decimal({kind.width},{kind.scale})")
    sign, digits = (1, -scaled[0]) if scaled[0] < 0 else (0, scaled[0])
    return Decimal((sign, tuple(map(int, str(digits))), -kind.scale))


def _epoch(value: Number, form: str, path: tuple[Any, ...]) -> int:
    scaled = _scaled(value, _EPOCH_DIGITS[form])
    try:
        if scaled is not None:
            return in_range(scaled[0])
    except Impossible:
        pass
    raise _Reject("VALUE_OUT_OF_RANGE", path, f"number {value} is not in the years 0 to 9999 as {form}")


def _text_value(kind: Type, value: str, path: tuple[Any, ...]) -> Any:
    try:
        if kind.kind == "binary":
            return base64.b64decode(value, validate=True)
        return date_days(value) if kind.kind == "date" else rfc3339_micros(value)
    except (Malformed, binascii.Error):
        raise _Changed(path, f"expected {kind.kind}, found string {json.dumps(value)}") from None
    except Impossible:
        raise _Reject("VALUE_OUT_OF_RANGE", path, f"string {json.dumps(value)} is no such {kind.kind}") from None


def json_text(value: Any) -> str:
    """JSON text of a parsed value: numbers as they were written, no blanks between tokens."""
    if isinstance(value, Number):
        return str(value)
    if isinstance(value, Members):
        return "{" + ",".join(json.dumps(n, ensure_ascii=False) + ":" + json_text(v) for n, v in value) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(json_text, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def _found(value: Any) -> str:
    if isinstance(value, Members):
        return "an object"
    if isinstance(value, list):
        return "an array"
    if isinstance(value, Number):
        return f"number {value}"
    return f"string {json.dumps(value)}" if isinstance(value, str) else json.dumps(value)


def _encodes(value: Any) -> bool:
    try:
        json_text(value).encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _path_text(path: tuple[Any, ...]) -> str:
    out = ""
    for step in path:
        if isinstance(step, int):
            out += f"[{step}]"
        elif re.fullmatch(r"[A-Za-z0-9_\-$@]+", step):
            out += ("." if out else "") + step
        else:
            out += f"[{json.dumps(step, ensure_ascii=False)}]"
    return out
