"""Aggregates that Spark writes otherwise, or that need an order: by event time, then partition and offset, as in Weir.

A node may carry `guard`, the column of its FILTER: where that is not true its arguments are NULL, and the row does not count.
"""

from __future__ import annotations

from sqlglot import exp

from weir_spark.sql_functions import Refused, Turn, TypeOfTree, call, exact, parsed

ORDER = "_weir_order"
GUARD = "guard"


def _guard(node: exp.Expression) -> exp.Expression:
    found = node.args.get(GUARD)
    return found if isinstance(found, exp.Expression) else exp.true()


def _one(name: str) -> Turn:
    def turn(node: exp.Expression, _type_of: TypeOfTree) -> exp.Expression:
        return parsed(f"{name}(:x, CASE WHEN :g THEN {ORDER} END)", x=node.this, g=_guard(node))

    return turn


def _values(node: exp.Expression, nulls: bool) -> exp.Expression:
    """The values in order, NULL where there are none."""
    kept = parsed(":g" if nulls else ":g AND :x IS NOT NULL", g=_guard(node), x=node.this)
    made = f"array_sort(collect_list(CASE WHEN :kept THEN struct({ORDER} AS o, :x AS x) END))"
    return parsed(f"CASE WHEN count_if(:kept) > 0 THEN transform({made}, e -> e.x) END", kept=kept, x=node.this)


def _list(node: exp.Expression, _type_of: TypeOfTree) -> exp.Expression:
    if not isinstance(node.this, exp.Distinct):
        return _values(node, nulls=True)
    one = node.this.expressions[0]
    null = "CASE WHEN count_if(:g AND :x IS NULL) > 0 THEN array(NULL) ELSE array() END"
    members = f"concat(sort_array(collect_set(:x)), {null})"
    return parsed(f"CASE WHEN count_if(:g) > 0 THEN {members} END", g=_guard(node), x=one)


def _any_value(node: exp.Expression, _type_of: TypeOfTree) -> exp.Expression:
    return parsed("try_element_at(:l, 1)", l=_values(node, nulls=False))


def _joined(node: exp.Expression, _type_of: TypeOfTree) -> exp.Expression:
    separator = node.args.get("separator") or exp.Literal.string(",")
    return parsed("array_join(:l, :s)", l=_values(node, nulls=False), s=separator)


def _count(node: exp.Expression, _type_of: TypeOfTree) -> exp.Expression:
    """A stream of Spark's has no DISTINCT, but sets of values, which count the same."""
    if not isinstance(node.this, exp.Distinct):
        return node
    return call("size", call("collect_set", node.this.expressions[0]))


def _sum(node: exp.Expression, type_of: TypeOfTree) -> exp.Expression:
    if isinstance(node.this, exp.Distinct):
        return _sum_of_set(node.this.expressions[0], type_of)
    return exp.Sum(this=exact(node.this, type_of))


def _sum_of_set(one: exp.Expression, type_of: TypeOfTree) -> exp.Expression:
    made = exact(one, type_of)
    if made is one:
        raise Refused("distinct", "doubles")
    kind = type_of(made)
    adding = f"aggregate(collect_set(:x), CAST(0 AS {kind}), (a, e) -> CAST(a + e AS {kind}))"
    return parsed(f"CASE WHEN count(:x) > 0 THEN {adding} END", x=made)


def _avg(node: exp.Expression, type_of: TypeOfTree) -> exp.Expression:
    if isinstance(node.this, exp.Distinct):
        one = node.this.expressions[0]
        total = "CAST(:s AS DOUBLE)"
        return parsed(f"try_divide({total}, CAST(size(collect_set(:x)) AS DOUBLE))", s=_sum_of_set(one, type_of), x=one)
    made = exact(node.this, type_of)
    if made is node.this:
        return node
    return parsed("try_divide(CAST(SUM(:x) AS DOUBLE), CAST(COUNT(:x) AS DOUBLE))", x=made)


def _median(node: exp.Expression, _type_of: TypeOfTree) -> exp.Expression:
    return call("median", node.this)


AGGREGATES: dict[str | type[exp.Expression], Turn] = {
    exp.First: _one("min_by"),
    exp.Last: _one("max_by"),
    exp.ArrayAgg: _list,
    exp.AnyValue: _any_value,
    exp.GroupConcat: _joined,
    exp.Count: _count,
    exp.Sum: _sum,
    exp.Avg: _avg,
    exp.Median: _median,
}
