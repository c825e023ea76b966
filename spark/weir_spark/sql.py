"""DuckDB's SQL expressions as Spark's, with the same result or not at all: what has no known equal is refused.

Spark runs with ANSI mode on and time zone UTC (session.py). What that leaves to do: division is by doubles and gives infinity,
`//` and `%` by zero give NULL, casts to integers round, sums of integers and decimals are exact.
"""

from __future__ import annotations

from collections.abc import Callable

import sqlglot
from sqlglot import exp

from weir_spark.document import Value
from weir_spark.refusals import refuse
from weir_spark.sql_aggregates import AGGREGATES
from weir_spark.sql_functions import FUNCTIONS, Refused, call, parsed, same_names
from weir_spark.sql_types import INTEGERS, spark_type

TypeOf = Callable[[str], str]  # the Spark type of an expression in Spark SQL, as simpleString

_PLAIN = (
    exp.Column, exp.Identifier, exp.Literal, exp.Boolean, exp.Null, exp.Paren, exp.Neg, exp.Not, exp.And, exp.Or, exp.EQ,
    exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Is, exp.NullSafeEQ, exp.NullSafeNEQ, exp.In, exp.Between, exp.Like,
    exp.Add, exp.Sub, exp.Mul, exp.Case, exp.If, exp.DPipe, exp.Interval, exp.Var, exp.Dot, exp.Tuple, exp.Lambda,
    exp.Star, exp.Distinct, exp.Where, exp.Filter, exp.Struct, exp.PropertyEQ, exp.Array, exp.DataType, exp.DataTypeParam,
    exp.JSONPath, exp.JSONPathRoot, exp.JSONPathKey, exp.JSONPathSubscript, exp.Order, exp.Ordered,
)  # fmt: skip


class Translator:
    """Turns expressions over one frame's columns."""

    def __init__(self, type_of: TypeOf) -> None:
        self._type_of = type_of

    def sql(self, value: Value) -> str:
        return self.text(self.tree(value), value)

    def tree(self, value: Value) -> exp.Expression:
        try:
            tree = sqlglot.parse_one(value.text(), read="duckdb")
        except sqlglot.errors.SqlglotError as error:
            first = str(error).splitlines()[0] if str(error) else "not understood"
            raise value.wrong(f"is no expression: {first}") from None
        if isinstance(tree, exp.Query | exp.Command | exp.DDL):
            raise refuse("syntax", value, "a whole query")
        return tree.transform(_plainly)

    def text(self, tree: exp.Expression, value: Value) -> str:
        try:
            return self._turn(tree.copy()).sql(dialect="spark")
        except Refused as refused:
            raise refuse(refused.name, value, refused.detail) from None

    def type_of(self, tree: exp.Expression) -> str:
        return self._type_of(tree.sql(dialect="spark"))

    # Children first, so that a type is asked of what is Spark SQL already.
    def _turn(self, node: exp.Expression) -> exp.Expression:
        if isinstance(node, exp.Array) and node.expressions and isinstance(node.expressions[0], exp.Comprehension):
            return self._turn(_comprehension(node.expressions[0]))
        for key, child in list(node.args.items()):
            if isinstance(child, exp.Expression):
                node.set(key, self._turn(child))
            elif isinstance(child, list):
                node.set(key, [self._turn(one) if isinstance(one, exp.Expression) else one for one in child])
        return self._own(node)

    def _own(self, node: exp.Expression) -> exp.Expression:
        if isinstance(node, exp.Cast):
            return self._cast(node)
        if isinstance(node, exp.Div):
            return parsed(
                "CASE WHEN :b = 0D THEN :a * DOUBLE('Infinity') ELSE :a / :b END",
                a=_double(node.this),
                b=_double(node.expression),
            )
        if isinstance(node, exp.IntDiv):
            return parsed("CASE WHEN :b = 0 THEN NULL ELSE :a DIV :b END", a=node.this, b=node.expression)
        if isinstance(node, exp.Mod):
            return parsed("CASE WHEN :b = 0 THEN NULL ELSE :a % :b END", a=_paren(node.this), b=_paren(node.expression))
        if isinstance(node, exp.Bracket):
            return self._bracket(node)
        if isinstance(node, exp.ILike):
            return node
        name = node.name.lower() if isinstance(node, exp.Anonymous) else ""
        known = FUNCTIONS.get(name or type(node)) or AGGREGATES.get(name or type(node))
        if known is not None:
            return known(node, self.type_of)
        if same_names(node) or isinstance(node, _PLAIN):
            return node
        raise Refused("function", name or type(node).key.upper())

    def _cast(self, node: exp.Cast) -> exp.Expression:
        target = spark_type(node.to)
        source = self.type_of(node.this)
        if target == "string" and source in ("double", "float"):
            raise Refused("double_text", "")
        inner = node.this
        if target in INTEGERS:
            if source.startswith("decimal"):
                inner = call("round", inner, exp.Literal.number(0))
            elif source in ("double", "float"):
                inner = call("rint", inner)
        made = node.copy()
        made.set("this", inner.copy())
        made.set("to", exp.DataType.build(target, dialect="spark"))
        if source == "string" and target in INTEGERS:
            made.set("this", call("trim", inner))
        return made

    def _bracket(self, node: exp.Bracket) -> exp.Expression:
        index = node.expressions[0]
        if len(node.expressions) != 1 or isinstance(index, exp.Slice):
            raise Refused("syntax", "a slice")
        kind = self.type_of(node.this)
        if kind.startswith("struct") and isinstance(index, exp.Literal) and index.is_string:
            return exp.Dot(this=node.this, expression=exp.to_identifier(index.name, quoted=True))
        if not kind.startswith(("array", "map")):
            raise Refused("syntax", f"[...] on {kind}")
        if kind.startswith("map"):
            return call("try_element_at", node.this, index)
        # sqlglot counts from 0 within, whatever the text said; element 0 of DuckDB is NULL.
        return parsed("CASE WHEN :i <> 0 THEN try_element_at(:l, :i) END", l=node.this, i=_from_one(index))


def _plainly(node: exp.Expression) -> exp.Expression:
    """Aggregates that sqlglot wraps, or does not know as such."""
    if isinstance(node, exp.IgnoreNulls) and isinstance(node.this, exp.AnyValue):
        return node.this
    if isinstance(node, exp.Anonymous) and node.name.lower() == "every":
        return exp.LogicalAnd(this=node.expressions[0])
    return node


def _comprehension(node: exp.Comprehension) -> exp.Expression:
    items, name = node.args["iterator"], node.expression
    if node.args.get("condition"):
        items = exp.ArrayFilter(this=items, expression=exp.Lambda(this=node.args["condition"], expressions=[name]))
    return exp.Transform(this=items, expression=exp.Lambda(this=node.this, expressions=[name]))


def _from_one(index: exp.Expression) -> exp.Expression:
    number = index.this if isinstance(index, exp.Neg) else index
    if isinstance(number, exp.Literal) and not number.is_string:
        return exp.Literal.number(int(number.name) * (1 if number is index else -1) + 1)
    return exp.Paren(this=exp.Add(this=exp.Paren(this=index), expression=exp.Literal.number(1)))


def _double(node: exp.Expression) -> exp.Expression:
    return exp.Cast(this=node, to=exp.DataType.build("double"))


def _paren(node: exp.Expression) -> exp.Expression:
    return exp.Paren(this=node)
