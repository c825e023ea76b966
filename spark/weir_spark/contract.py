"""A schema contract: the fields of a record, what each may be, and the Spark type of its column."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from decimal import Decimal

from weir_spark.document import Section, Value, read

_SCALARS = {
    "string": "string",
    "bool": "boolean",
    "int32": "int",
    "int64": "bigint",
    "double": "double",
    "timestamp": "timestamp",
    "date": "date",
    "binary": "binary",
    "json": "string",
}


@dataclass(frozen=True)
class Type:
    """A contract's type. `children` are a list's element or a struct's fields."""

    kind: str
    width: int = 0
    scale: int = 0
    children: tuple[tuple[str, Type], ...] = ()

    def spark(self) -> str:
        if self.kind == "decimal":
            return f"decimal({self.width},{self.scale})"
        if self.kind == "list":
            return f"array<{self.children[0][1].spark()}>"
        if self.kind == "struct":
            return "struct<" + ",".join(f"`{name}`:{child.spark()}" for name, child in self.children) + ">"
        return _SCALARS[self.kind]


@dataclass(frozen=True)
class Field:
    name: str
    type: Type
    required: bool = False
    nullable: bool = True
    values: tuple[str, ...] = ()
    low: Decimal | None = None
    high: Decimal | None = None
    pattern: str | None = None
    format: str = "rfc3339"


@dataclass(frozen=True)
class Contract:
    """Plain values: it travels to the workers."""

    name: str
    version: int
    fields: tuple[Field, ...]
    new_field: str = "ignore"
    missing_field: str = "dead_letter"
    type_change: str = "dead_letter"
    size_max: int = 10 << 20
    depth_max: int = 128

    @property
    def label(self) -> str | None:
        return f"{self.name}.v{self.version}" if self.name else None

    def spark_schema(self) -> list[tuple[str, str]]:
        columns = [(one.name, one.type.spark()) for one in self.fields]
        return [*columns, ("_extra", "string")] if self.new_field == "keep_raw" else columns


def read_contract(value: Value, shared: dict[str, Value]) -> Contract:
    """A path, the name of one under `contracts`, or the contract itself."""
    if value.is_map():
        return _contract(value.section())
    name = value.text()
    if name in shared:
        return read_contract(shared[name], {})
    return _contract(read(value.file.parent / name).section())


def _contract(section: Section) -> Contract:
    section.ignore("owner", "change_process", "description")
    version, size, depth = section.take("version"), section.take("max_record_size"), section.take("max_depth")
    name = section.text("name")
    fields = tuple(_field(key, value.section()) for key, value in section.need("fields").section())
    drift = section.take("drift")
    rules: dict[str, str] = {}
    if drift:
        words = drift.section()
        for key, choices in (
            ("new_field", ("ignore", "keep_raw", "dead_letter")),
            ("missing_field", ("dead_letter", "null")),
            ("type_change", ("dead_letter", "null")),
        ):
            entry = words.take(key)
            if entry:
                rules[key] = entry.choice(*choices)
        words.end()
    section.end()
    return Contract(
        name=name,
        version=version.number() if version else 1,
        fields=fields,
        size_max=size.size() if size else 10 << 20,
        depth_max=depth.number() if depth else 128,
        **rules,
    )


def _field(name: str, section: Section) -> Field:
    section.ignore("description")
    type_value = section.need("type")
    try:
        kind = parse_type(type_value.text())
    except ValueError as error:
        raise type_value.wrong(str(error)) from None
    required, nullable, pattern = section.take("required"), section.take("nullable"), section.take("pattern")
    low, high, form = section.take("min"), section.take("max"), section.take("format")
    values = tuple(section.texts("values"))
    section.end()
    return Field(
        name=name,
        type=kind,
        required=required.boolean() if required else False,
        nullable=nullable.boolean() if nullable else True,
        values=values,
        low=Decimal(low.text()) if low else None,
        high=Decimal(high.text()) if high else None,
        pattern=pattern.text() if pattern else None,
        format=form.choice("rfc3339", "epoch_seconds", "epoch_millis", "epoch_micros") if form else "rfc3339",
    )


@dataclass
class _Parser:
    text: str
    at: int = 0
    words: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.words = re.findall(r'"[^"]*"|\w+|[<>(),:]|\S', self.text)

    def next(self, expected: str = "") -> str:
        word = self.words[self.at] if self.at < len(self.words) else ""
        if not word or (expected and word != expected):
            raise ValueError(f"expected {expected or 'a type'} in the type '{self.text}'")
        self.at += 1
        return word

    def peek(self) -> str:
        return self.words[self.at] if self.at < len(self.words) else ""

    def type(self) -> Type:
        word = self.next()
        if word in _SCALARS:
            return Type(word)
        if word == "decimal":
            self.next("(")
            width = int(self.next())
            self.next(",")
            scale = int(self.next())
            self.next(")")
            return Type("decimal", width, scale)
        if word == "list":
            self.next("<")
            element = self.type()
            self.next(">")
            return Type("list", children=(("element", element),))
        if word == "struct":
            self.next("<")
            return Type("struct", children=tuple(self.members()))
        raise ValueError(f"unknown type '{word}' in '{self.text}'")

    def members(self) -> list[tuple[str, Type]]:
        out = []
        while True:
            name = self.next().strip('"')
            self.next(":")
            out.append((name, self.type()))
            if self.next() == ">":
                return out


def parse_type(text: str) -> Type:
    parser = _Parser(text)
    found = parser.type()
    if parser.peek():
        raise ValueError(f"the type '{text}' ends before '{parser.peek()}'")
    return found
