"""dedup and aggregate by Spark's own operators. `prepared` is what runs before the operator, row by row, so that a row whose
expression is an error is a dead letter there and counts nowhere."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from sqlglot import exp

from weir_spark.columns import FATE, FATE_TYPE, SOURCE, SOURCE_TYPE, TIME, column, fate, null, tried
from weir_spark.document import Value
from weir_spark.pipeline import Aggregate, Dedup, Step, Window
from weir_spark.refusals import refuse
from weir_spark.sql import Translator
from weir_spark.sql_aggregates import GUARD, ORDER
from weir_spark.stateless import translator
from weir_spark.units import spark_interval

_SETS = (exp.Count, exp.Sum, exp.Avg, exp.ArrayAgg)  # what DISTINCT is written for


def prepared(step: Step, frame: DataFrame) -> DataFrame:
    if step.aggregate is None:
        return frame
    return Grouping(step, step.aggregate, frame).prepared


def applied(step: Step, frame: DataFrame, delay_us: int | None) -> DataFrame:
    """`frame` is what `prepared` gave, without the rejected rows."""
    if step.dedup is not None:
        return _dedup(step.dedup, frame, delay_us)
    assert step.aggregate is not None
    if delay_us is None and (step.aggregate.window is not None):
        raise refuse("event_time", step.place)
    return Grouping(step, step.aggregate, frame, made=True).grouped()


def _dedup(dedup: Dedup, frame: DataFrame, delay_us: int | None) -> DataFrame:
    if delay_us is None:
        raise refuse("event_time", dedup.place)
    if dedup.within_us not in (None, delay_us):
        raise refuse("within", dedup.place)
    return frame.dropDuplicatesWithinWatermark(list(dedup.key))


class Grouping:
    """An aggregate: its groups and the arguments of its functions become columns `_weir_...` first."""

    def __init__(self, step: Step, spec: Aggregate, frame: DataFrame, made: bool = False) -> None:
        self._spec = spec
        self._step = step
        self._tries: list[tuple[str, str]] = []
        self._select: list[tuple[str, exp.Expression, Value]] = []
        self._plan(translator(frame))
        self.prepared = frame if made else self._prepare(frame)

    def _plan(self, language: Translator) -> None:
        for at, (_, value) in enumerate(self._spec.by):
            self._tries.append((f"_weir_by{at}", language.sql(value)))
        for name, value in self._spec.select:
            tree = exp.Paren(this=language.tree(value))
            for function in list(tree.find_all(exp.AggFunc)):
                self._argument(function, language, value)
            self._select.append((name, tree.this, value))

    def _argument(self, function: exp.Expression, language: Translator, value: Value) -> None:
        """Its argument becomes a column; a row that FILTER leaves out does not compute it."""
        condition = function.parent.expression.this if isinstance(function.parent, exp.Filter) else None
        guard = ""
        if condition is not None:
            guard = self._column(language.text(condition, value))
            function.parent.expression.set("this", exp.column(guard))
        holder = function.this if isinstance(function.this, exp.Distinct) else function
        if holder is not function and (not isinstance(function, _SETS) or len(holder.expressions) != 1):
            raise refuse("distinct", value)
        keys = ["expressions"] if isinstance(holder, exp.Distinct) else ["this", "expression"]
        guarded = False
        for key in keys:
            old = holder.args.get(key)
            many = old if isinstance(old, list) else [old]
            new = []
            for one in many:
                if isinstance(one, exp.Expression) and not isinstance(one, exp.Star | exp.Literal):
                    text = language.text(one, value)
                    guarded = True
                    one = exp.column(self._column(f"CASE WHEN {guard}.v THEN {text} END" if guard else text, guard))
                new.append(one)
            holder.set(key, new if isinstance(old, list) else new[0])
        if guard and guarded:  # NULL where the FILTER is not true, and no aggregate counts NULL: the FILTER may go
            function.parent.replace(function)
            function.set(GUARD, exp.column(guard))

    def _column(self, sql: str, guard: str = "") -> str:
        for name, known in self._tries:
            if known == sql:
                return name
        name = f"_weir_a{len(self._tries)}"
        self._tries.append((name, sql))
        return name

    def _prepare(self, frame: DataFrame) -> DataFrame:
        for name, sql in self._tries:
            frame = frame.withColumn(name, tried(sql))
        for name, _ in self._tries:
            wrong = fate("EXPRESSION_ERROR", self._step.name, message="an expression of the aggregate is an error")
            frame = frame.withColumn(FATE, F.when(F.col(FATE).isNotNull(), F.col(FATE)).when(F.col(name).isNull(), wrong))
        return frame

    def grouped(self) -> DataFrame:
        # Out of their structs, for functions to see plain columns; the guard is no longer needed.
        order = F.struct(TIME, f"{SOURCE}.partition", f"{SOURCE}.offset").alias(ORDER)
        values = self.prepared.select(TIME, order, *(F.col(f"{name}.v").alias(name) for name, _ in self._tries))
        language = translator(values)
        groups = [column(f"_weir_by{at}") for at in range(len(self._spec.by))]
        window = self._spec.window
        if window is not None:
            groups.insert(0, _window(window).alias("_weir_window"))
        made = [F.expr(language.text(tree, value)).alias(name) for name, tree, value in self._select]
        frame = values.groupBy(*groups).agg(*made)
        return frame.select(*self._columns(window))

    def _columns(self, window: Window | None) -> list[Column]:
        out = []
        if window is not None:
            out += [F.col(f"_weir_window.{end}").alias(f"window_{end}") for end in ("start", "end")]
        out += [column(f"_weir_by{at}").alias(name) for at, (name, _) in enumerate(self._spec.by)]
        out += [column(name) for name, _ in self._spec.select]
        time = F.window_time("_weir_window") if window is not None else null("timestamp")
        return [*out, null(FATE_TYPE).alias(FATE), null(SOURCE_TYPE).alias(SOURCE), time.alias(TIME)]


def _window(window: Window) -> Column:
    length, every = spark_interval(window.length_us), spark_interval(window.every_us)
    if window.kind == "session":
        return F.session_window(TIME, length)
    return F.window(TIME, length, every, spark_interval(window.offset_us % window.every_us))
