"""Reads one entry of `steps`."""

from __future__ import annotations

from weir_spark.document import Section, Value
from weir_spark.pipeline import Aggregate, Dedup, Rule, Step, Window
from weir_spark.refusals import refuse

_KINDS = ("filter", "select", "expect", "dedup", "aggregate", "flatten", "union")


def read_step(value: Value, before: str, weaker: list[tuple[str, Value]]) -> Step:
    section = value.section()
    name = section.need("name").text()
    source = section.text("from", before)
    section.ignore("state")  # decides what happens to state in Weir's checkpoint, which Spark does not read
    kinds = [key for key, _ in section if key not in ("name", "from", "state")]
    if len(kinds) != 1:
        raise value.wrong(f"a step has exactly one of {', '.join(_KINDS)}")
    kind = kinds[0]
    what = section.need(kind)
    if kind == "filter":
        return Step(name, (source,), value, filter=what)
    if kind == "select":
        columns = what.section()
        return Step(name, (source,), value, select=tuple((key, None if key == "*" else sql) for key, sql in columns))
    if kind == "expect":
        return Step(name, (source,), value, expect=tuple(_rule(key, rule) for key, rule in what.section()))
    if kind == "dedup":
        weaker.append(("batch-order", what))
        return Step(name, (source,), value, dedup=_dedup(what, weaker))
    if kind == "aggregate":
        return Step(name, (source,), value, aggregate=_aggregate(what, weaker))
    raise refuse("step", what, kind)


def _late(section: Section, weaker: list[tuple[str, Value]]) -> None:
    late = section.take("late")
    if late is None or late.choice("dead_letter", "drop") == "dead_letter":
        weaker.append(("late-rows", late or section.value))


def _rule(name: str, value: Value) -> Rule:
    section = value.section()
    check, owner, on_fail = section.need("check"), section.text("owner"), section.take("on_fail")
    section.end()
    return Rule(name, check, on_fail.choice("dead_letter", "warn", "fail") if on_fail else "dead_letter", owner)


def _dedup(value: Value, weaker: list[tuple[str, Value]]) -> Dedup:
    section = value.section()
    key = tuple(section.need("key").texts())
    keep, within = section.take("keep"), section.take("within")
    if keep:
        keep.choice("first")
    _late(section, weaker)
    section.end()
    return Dedup(key, within.duration() if within else None, within or value)


def _aggregate(value: Value, weaker: list[tuple[str, Value]]) -> Aggregate:
    section = value.section()
    window_value, mode_value = section.take("window"), section.take("mode")
    mode = mode_value.choice("append", "update", "complete") if mode_value else "append"
    window = _window(window_value) if window_value else None
    by: list[tuple[str, Value]] = []
    by_value = section.take("by")
    for item in by_value.items() if by_value else []:
        by.extend(item.section() if item.is_map() else [(item.text(), item)])
    select = tuple(section.need("select").section())
    ttl = section.take("ttl")
    if ttl:
        raise refuse("ttl", ttl)
    if window is None and mode == "append":
        raise refuse("totals_append", mode_value or value)
    if window is not None and window.kind == "session" and mode == "update":
        raise refuse("session_update", mode_value or value)
    if window is not None:
        _late(section, weaker)
    section.ignore("late")
    section.end()
    return Aggregate(window, tuple(by), select, mode, value)


def _window(value: Value) -> Window | None:
    if not value.is_map():
        value.choice("none")
        return None
    section = value.section()
    zone, offset = section.take("time_zone"), section.take("offset")
    if zone and zone.text() not in ("UTC", "Etc/UTC"):
        raise refuse("time_zone", zone)
    tumbling, sliding, session = section.take("tumbling"), section.take("sliding"), section.take("session")
    every = section.take("every")
    section.end()
    if tumbling:
        return Window("tumbling", tumbling.duration(), tumbling.duration(), offset.duration() if offset else 0)
    if sliding:
        if not every:
            raise value.wrong("a sliding window has `every`")
        return Window("sliding", sliding.duration(), every.duration(), offset.duration() if offset else 0)
    if session:
        return Window("session", session.duration(), session.duration())
    raise value.wrong("a window is tumbling, sliding or session")
