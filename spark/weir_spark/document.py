"""Reads a YAML file and keeps where each value stands. Interpolation happens inside scalars, after parsing, as in Weir."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from weir_spark.problem import Place, Problem
from weir_spark.units import duration_us, size_bytes

_REFERENCE = re.compile(r"\$\$\{|\$\{([^}]*)\}")
_HOW_TO = "write ${env:NAME}, ${env:NAME:-default} or ${file:/path}; $${ stands for ${ itself"


class Value:
    """One value of the file: a scalar, a list or a map, with its place. Every `as_` says what was expected."""

    def __init__(self, node: yaml.Node, file: Path, path: str) -> None:
        self._node = node
        self.file = file
        self.path = path

    @property
    def place(self) -> Place:
        mark = self._node.start_mark
        return Place(str(self.file), mark.line + 1, mark.column + 1, self.path)

    def wrong(self, message: str) -> Problem:
        return Problem(self.place, message)

    def is_map(self) -> bool:
        return isinstance(self._node, yaml.MappingNode)

    def is_list(self) -> bool:
        return isinstance(self._node, yaml.SequenceNode)

    def is_null(self) -> bool:
        return self._node.tag == "tag:yaml.org,2002:null"

    def text(self) -> str:
        if not isinstance(self._node, yaml.ScalarNode):
            raise self.wrong("expected a single value")
        return _interpolate(self._node.value, self)

    def boolean(self) -> bool:
        word = self.text().lower()
        if word not in ("true", "false"):
            raise self.wrong("expected true or false")
        return word == "true"

    def number(self) -> int:
        text = self.text()
        if not re.fullmatch(r"-?\d+", text):
            raise self.wrong(f"expected a whole number, found '{text}'")
        return int(text)

    def duration(self) -> int:
        microseconds = duration_us(self.text())
        if microseconds is None:
            raise self.wrong(f"expected a duration such as 250ms, 10m or 1h30m, found '{self.text()}'")
        return microseconds

    def size(self) -> int:
        count = size_bytes(self.text())
        if count is None:
            raise self.wrong(f"expected a size such as 64MB or 1GiB, found '{self.text()}'")
        return count

    def choice(self, *words: str) -> str:
        word = self.text()
        if word not in words:
            raise self.wrong(f"expected one of {', '.join(words)}; found '{word}'")
        return word

    def items(self) -> list[Value]:
        if not self.is_list():
            raise self.wrong("expected a list")
        return [Value(child, self.file, f"{self.path}[{at}]") for at, child in enumerate(self._node.value)]

    def texts(self) -> list[str]:
        return [item.text() for item in self.items()]

    def section(self) -> Section:
        if not self.is_map():
            raise self.wrong("expected a map of keys")
        return Section(self)

    def plain(self) -> Any:
        """As Python values, for what is only passed on."""
        if self.is_map():
            return {key: value.plain() for key, value in self.section()}
        if self.is_list():
            return [item.plain() for item in self.items()]
        return None if self.is_null() else self.text()


class Section:
    """A map of the file. Each key is taken once; `end` refuses those that nobody took."""

    def __init__(self, value: Value) -> None:
        self.value = value
        self._entries: dict[str, Value] = {}
        self._taken: set[str] = set()
        for key_node, child in value._node.value:
            key = str(key_node.value)
            path = f"{value.path}.{key}" if value.path else key
            entry = Value(child, value.file, path)
            if key in self._entries:
                raise entry.wrong("the key is there twice")
            self._entries[key] = entry

    def __iter__(self) -> Iterator[tuple[str, Value]]:
        self._taken.update(self._entries)
        return iter(self._entries.items())

    def __contains__(self, key: str) -> bool:
        return key in self._entries

    def take(self, key: str) -> Value | None:
        self._taken.add(key)
        entry = self._entries.get(key)
        return None if entry is None or entry.is_null() else entry

    def need(self, key: str) -> Value:
        entry = self.take(key)
        if entry is None:
            raise self.value.wrong(f"the key '{key}' is missing")
        return entry

    def text(self, key: str, default: str = "") -> str:
        entry = self.take(key)
        return entry.text() if entry else default

    def texts(self, key: str) -> list[str]:
        entry = self.take(key)
        return entry.texts() if entry else []

    def ignore(self, *keys: str) -> None:
        """Keys that mean nothing on Spark and take nothing away there."""
        self._taken.update(keys)

    def end(self) -> None:
        for key, entry in self._entries.items():
            if key not in self._taken:
                raise entry.wrong(f"unknown key '{key}'")


def read(file: Path) -> Value:
    try:
        text = file.read_text(encoding="utf-8")
    except OSError as error:
        raise Problem(Place(str(file), 0, 0, ""), f"cannot be read: {error.strerror}") from None
    return parse(text, file)


def parse(text: str, file: Path) -> Value:
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = Place(str(file), mark.line + 1, mark.column + 1, "") if mark else Place(str(file), 0, 0, "")
        raise Problem(place, f"is no YAML: {error.problem}") from None
    if node is None:
        raise Problem(Place(str(file), 0, 0, ""), "the file is empty")
    return Value(node, file, "")


def _interpolate(text: str, value: Value) -> str:
    def one(match: re.Match[str]) -> str:
        if match[0] == "$${":
            return "${"
        body = match[1]
        if body.startswith("env:"):
            name, _, default = body[4:].partition(":-")
            found = os.environ.get(name)
            if found or (found is not None and ":-" not in body):
                return found
            if ":-" in body:
                return default
            raise value.wrong(f"the environment variable {name} is not set; set it, or give a default")
        if body.startswith("file:"):
            return _content(value, body[5:])
        raise value.wrong(f"unknown reference ${{{body}}}; {_HOW_TO}")

    return _REFERENCE.sub(one, text)


def _content(value: Value, path: str) -> str:
    file = value.file.parent / path
    try:
        return file.read_text(encoding="utf-8").removesuffix("\n").removesuffix("\r")
    except OSError as error:
        raise value.wrong(f"the file of ${{file:{path}}} cannot be read: {error.strerror}") from None
