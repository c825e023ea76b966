"""The functions that have the same result on both engines, and how each is written for Spark. One not here is refused."""

from __future__ import annotations

import re
from collections.abc import Callable

import sqlglot
from sqlglot import exp

Turn = Callable[[exp.Expression, Callable[[exp.Expression], str]], exp.Expression]
TypeOfTree = Callable[[exp.Expression], str]


class Refused(Exception):
    def __init__(self, name: str, detail: str) -> None:
        super().__init__(detail)
        self.name = name
        self.detail = detail


def call(name: str, *arguments: exp.Expression) -> exp.Expression:
    return exp.Anonymous(this=name, expressions=[argument.copy() for argument in arguments])


def parsed(text: str, **parts: exp.Expression) -> exp.Expression:
    tree = sqlglot.parse_one(text, read="spark")
    return exp.Paren(this=exp.replace_placeholders(tree, **{name: part.copy() for name, part in parts.items()}))


# Nodes of sqlglot that it writes for Spark as they should be.
_SAME = (
    exp.Lower, exp.Upper, exp.Abs, exp.Coalesce, exp.Nullif, exp.Round, exp.Floor, exp.Ceil, exp.Sign, exp.Pow, exp.Trim,
    exp.Substring, exp.Replace, exp.Reverse, exp.StartsWith, exp.EndsWith, exp.Contains, exp.StrPosition, exp.Transform,
    exp.ArrayFilter, exp.MD5, exp.SHA2, exp.JSONExtractScalar, exp.Greatest, exp.Least, exp.Max, exp.Min,
    exp.Year, exp.Month, exp.Day, exp.Hour, exp.Minute, exp.Ascii, exp.Repeat, exp.Left, exp.Right, exp.Pad,
    exp.TimestampTrunc, exp.DateTrunc, exp.LogicalAnd, exp.LogicalOr, exp.ArgMax, exp.ArgMin, exp.RegexpExtract,
    exp.Stddev, exp.StddevSamp, exp.StddevPop, exp.Variance, exp.VariancePop, exp.ApproxDistinct, exp.IsNan, exp.CountIf,
)  # fmt: skip
_SAME_NAMES = frozenset(("translate", "ltrim", "rtrim", "startswith"))


def same_names(node: exp.Expression) -> bool:
    return isinstance(node, _SAME) or (isinstance(node, exp.Anonymous) and node.name.lower() in _SAME_NAMES)


_STRFTIME = {"Y": "yyyy", "m": "MM", "d": "dd", "H": "HH", "M": "mm", "S": "ss", "f": "SSSSSS", "j": "DDD", "y": "yy"}


def _strftime(node: exp.Expression, _type_of: TypeOfTree) -> exp.Expression:
    form = node.args["format"]
    if not isinstance(form, exp.Literal):
        raise Refused("function", "strftime with a computed format")
    out = ""
    for code, text in re.findall(r"%(-?.)|([^%]+)", form.name):
        if code == "%" or text:
            out += "'" + (text or "%").replace("'", "''") + "'"
        elif code in _STRFTIME:
            out += _STRFTIME[code]
        else:
            raise Refused("function", f"strftime %{code}")
    return call("date_format", node.this, exp.Literal.string(out))


def _length(node: exp.Expression, type_of: TypeOfTree) -> exp.Expression:
    argument = node.this
    return call("array_size" if type_of(argument).startswith("array") else "char_length", argument)


def exact(argument: exp.Expression, type_of: TypeOfTree) -> exp.Expression:
    """Integers and decimals with room for any sum, doubles as they are. DISTINCT stays outside."""
    if isinstance(argument, exp.Distinct):
        return exp.Distinct(expressions=[exact(one, type_of) for one in argument.expressions])
    kind = type_of(argument)
    if kind in ("tinyint", "smallint", "int", "bigint"):
        return exp.Cast(this=argument, to=exp.DataType.build("decimal(38,0)", dialect="spark"))
    if kind.startswith("decimal"):
        scale = kind.split(",")[1].rstrip(")")
        return exp.Cast(this=argument, to=exp.DataType.build(f"decimal(38,{scale})", dialect="spark"))
    return argument


def _regexp_full(node: exp.Expression, _type_of: TypeOfTree) -> exp.Expression:
    pattern = node.args["expression"]
    if not isinstance(pattern, exp.Literal):
        raise Refused("function", "regexp_full_match with a computed pattern")
    return parsed("regexp_like(:s, :p)", s=node.this, p=exp.Literal.string(rf"\A(?:{pattern.name})\z"))


def _regexp_like(node: exp.Expression, _type_of: TypeOfTree) -> exp.Expression:
    return call("regexp_like", node.this, node.args["expression"])


def _regexp_replace(node: exp.Expression, _type_of: TypeOfTree) -> exp.Expression:
    modifiers = node.args.get("modifiers")
    if modifiers is None or modifiers.name != "g":
        raise Refused("function", "regexp_replace without 'g': Spark replaces every match")
    return call("regexp_replace", node.this, node.args["expression"], node.args["replacement"])


def _contains(node: exp.Expression, _type_of: TypeOfTree) -> exp.Expression:
    return parsed(
        "CASE WHEN :l IS NOT NULL THEN COALESCE(array_contains(:l, :x), false) END",
        l=node.this,
        x=node.args["expression"],
    )


def _concat(node: exp.Expression, _type_of: TypeOfTree) -> exp.Expression:
    empty = exp.Literal.string("")
    return call("concat", *(exp.Coalesce(this=one, expressions=[empty.copy()]) for one in node.expressions))


def _list_sum(node: exp.Expression, type_of: TypeOfTree) -> exp.Expression:
    items = node.expressions[0]
    element = type_of(items).removeprefix("array<").removesuffix(">")
    if element.startswith("decimal"):
        element = "decimal(38," + element.split(",")[1]
    elif element not in ("double", "float"):
        element = "bigint"
    return parsed(
        "CASE WHEN array_size(array_compact(:l)) > 0 THEN "
        f"aggregate(array_compact(:l), CAST(0 AS {element}), (acc, x) -> CAST(acc + x AS {element})) END",
        l=items,
    )


def _extract(node: exp.Expression, _type_of: TypeOfTree) -> exp.Expression:
    unit = node.this.name.lower()
    if unit not in ("year", "quarter", "month", "day", "hour", "minute", "second", "week"):
        raise Refused("function", f"extract({unit})")
    return parsed(f"CAST(FLOOR(EXTRACT({unit} FROM :t)) AS BIGINT)", t=node.args["expression"])


def _date_part(node: exp.Expression, type_of: TypeOfTree) -> exp.Expression:
    return _extract(exp.Extract(this=exp.Var(this=node.expressions[0].name), expression=node.expressions[1]), type_of)


def _timestamps(name: str) -> Turn:
    def turn(node: exp.Expression, type_of: TypeOfTree) -> exp.Expression:
        argument = node.this if isinstance(node.this, exp.Expression) else node.expressions[0]
        if not type_of(argument).startswith("timestamp"):
            raise Refused("function", f"{name} of {type_of(argument)}")
        return call(name, argument)

    return turn


def _epoch(node: exp.Expression, _type_of: TypeOfTree) -> exp.Expression:
    return parsed("CAST(unix_micros(:t) AS DOUBLE) / 1000000D", t=node.this)


def _epoch_ms(node: exp.Expression, type_of: TypeOfTree) -> exp.Expression:
    if node.args.get("scale") != exp.UnixToTime.MILLIS:
        raise Refused("function", "to_timestamp")
    return _timestamps("unix_millis")(node, type_of)


_UNITS = {"second": 10**6, "minute": 60 * 10**6, "hour": 3600 * 10**6, "day": 86400 * 10**6, "millisecond": 1000}


def _date_diff(node: exp.Expression, _type_of: TypeOfTree) -> exp.Expression:
    unit = node.text("unit").lower()
    if unit not in _UNITS:
        raise Refused("function", f"date_diff('{unit}')")
    floor = f"CAST(FLOOR(CAST(unix_micros(CAST(:t AS TIMESTAMP)) AS DECIMAL(38,0)) / {_UNITS[unit]}) AS BIGINT)"
    ends = [parsed(floor, t=one) for one in (node.this, node.expression)]
    return exp.Paren(this=exp.Sub(this=ends[0], expression=ends[1]))


def _split(node: exp.Expression, _type_of: TypeOfTree) -> exp.Expression:
    separator = node.args["expression"]
    if not isinstance(separator, exp.Literal):
        raise Refused("function", "string_split with a computed separator")
    return call("split", node.this, exp.Literal.string(re.sub(r"([^\w\s])", r"\\\1", separator.name)))


FUNCTIONS: dict[str | type[exp.Expression], Turn] = {
    exp.TimeToStr: _strftime,
    exp.Length: _length,
    exp.ArraySize: _length,
    exp.RegexpFullMatch: _regexp_full,
    exp.RegexpLike: _regexp_like,
    exp.RegexpReplace: _regexp_replace,
    exp.ArrayContains: _contains,
    exp.Concat: _concat,
    exp.Extract: _extract,
    exp.TimeToUnix: _epoch,
    exp.DateDiff: _date_diff,
    exp.Split: _split,
    "list_sum": _list_sum,
    "date_part": _date_part,
    "datepart": _date_part,
    "epoch_us": _timestamps("unix_micros"),
    "epoch_ms": _timestamps("unix_millis"),
    exp.UnixToTime: _epoch_ms,
}
