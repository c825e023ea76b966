"""Reads a pipeline file into a Pipeline, with every problem that can be told without Spark."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from weir_spark import document
from weir_spark.document import Section, Value
from weir_spark.pipeline import Pipeline, Sink, Step, Trigger
from weir_spark.problem import Problem, Problems
from weir_spark.read_sinks import read_sink
from weir_spark.read_sources import read_source
from weir_spark.read_steps import read_step
from weir_spark.refusals import WEAKER, refuse

_T = TypeVar("_T")


def read_pipeline(file: Path) -> Pipeline:
    return pipeline_of(document.read(file))


def pipeline_of(root_value: Value) -> Pipeline:
    root = root_value.section()
    root.ignore("version", "runbook", "resources", "tests")  # Spark has its own limits, Weir its own tests
    connections, contracts = _shared(root_value, root, set())
    problems: list[Problem] = []

    def attempt(make: Callable[[], _T]) -> _T | None:
        try:
            return make()
        except Problem as problem:
            problems.append(problem)
            return None

    weaker: list[tuple[str, Value]] = []
    sources = {}
    for name, value in root.need("sources").section():
        source = attempt(lambda name=name, value=value: read_source(name, value, connections, contracts, weaker))
        if source:
            sources[name] = source
    steps: dict[str, Step] = {}
    before = next(reversed(sources), "")
    steps_value = root.take("steps")
    for value in steps_value.items() if steps_value else []:
        step = attempt(lambda value=value, before=before: read_step(value, before, weaker))
        if step:
            steps[step.name] = step
            before = step.name
    sinks: dict[str, Sink] = {}
    for name, value in root.need("sinks").section():
        sink = attempt(lambda name=name, value=value: read_sink(name, value, connections, weaker))
        if sink:
            sinks[name] = sink
    letters = root.take("dead_letter")
    dead_letter = attempt(lambda: read_sink("dead_letter", letters, connections, weaker, True)) if letters else None
    trigger = attempt(lambda: _trigger(root.take("trigger"))) or Trigger()
    checkpoint = root.take("checkpoint")
    path = str(root_value.file.parent / checkpoint.section().need("path").text()) if checkpoint else ""
    name = root.need("name").text()
    owner = root.text("owner")
    attempt(root.end)
    if not problems:
        for step in steps.values():
            attempt(lambda step=step: _check_inputs(step.place, step.inputs, [*sources, *steps]))
        for sink in sinks.values():
            attempt(lambda sink=sink: _check_inputs(sink.place, (sink.source,), [*sources, *steps]))
    if problems:
        raise Problems(problems)
    return Pipeline(root_value.file, name, owner, sources, steps, sinks, dead_letter, trigger, path, tuple(weaker))


def unaccepted(pipeline: Pipeline, accepted: set[str]) -> list[Problem]:
    """The weaker promises of this pipeline that nobody has accepted."""
    return [
        place.wrong(
            f"Spark cannot promise {WEAKER[name].what}: {WEAKER[name].reason}; run with --accept {name} if that will do"
        )
        for name, place in pipeline.weaker
        if name not in accepted
    ]


def _check_inputs(place: Value, inputs: tuple[str, ...], known: list[str]) -> None:
    for name in inputs:
        if name not in known:
            raise place.wrong(f"there is no source or step '{name}'; there are {', '.join(known)}")


def _shared(root_value: Value, root: Section, seen: set[Path]) -> tuple[dict[str, Value], dict[str, Value]]:
    connections: dict[str, Value] = {}
    contracts: dict[str, Value] = {}
    for key, into in (("connections", connections), ("contracts", contracts)):
        entry = root.take(key)
        into.update(entry.section() if entry else [])
    include = root.take("include")
    for item in include.items() if include else []:
        file = (root_value.file.parent / item.text()).resolve()
        if file in seen:
            raise item.wrong(f"{item.text()} includes itself")
        other_value = document.read(file)
        other = other_value.section()
        other.ignore("version")
        more_connections, more_contracts = _shared(other_value, other, seen | {file})
        other.end()
        for into, more in ((connections, more_connections), (contracts, more_contracts)):
            for name, value in more.items():
                if name in into:
                    raise item.wrong(f"'{name}' is there twice, in {value.file} and {into[name].file}")
                into[name] = value
    return connections, contracts


def _trigger(value: Value | None) -> Trigger:
    if value is None:
        return Trigger()
    if not value.is_map():
        word = value.text()
        if word == "continuous":
            raise refuse("continuous", value)
        if word not in ("as_fast_as_possible", "once", "available_now"):
            raise refuse("trigger", value, word)
        return Trigger("every" if word == "as_fast_as_possible" else word)
    section = value.section()
    if "continuous" in section:
        raise refuse("continuous", value)
    entry = section.take("every") or section.take("fixed")
    if entry is None:
        raise refuse("trigger", value)
    section.end()
    return Trigger("every", entry.duration())
