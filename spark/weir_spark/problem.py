"""What is wrong with a pipeline file: where, and what to do."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Place:
    """A value's place in a file. Lines and columns begin at 1; line 0 is the whole file."""

    file: str
    line: int
    column: int
    path: str

    def __str__(self) -> str:
        at = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        return f"{at}: {self.path}" if self.path else at


class Problem(Exception):
    """The file is wrong, or asks for what Spark cannot do. `text` reads as Weir's own messages do."""

    def __init__(self, place: Place, message: str) -> None:
        super().__init__(f"{place}: {message}")
        self.place = place
        self.message = message


class Problems(Exception):
    """Several at once: `check` shows them all."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems
