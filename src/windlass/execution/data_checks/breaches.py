"""What came of a check: the rules that were broken, in which rows, with which values."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from windlass.values import Json
from windlass.words import shortened

MOST_EXAMPLES = 10
"""Rows that are kept of each broken rule."""
MOST_BREACHES = 50
"""Broken rules that are kept of each check."""

_LONGEST_VALUE = 60
_LONGEST_NAME = 80
_LONGEST_NOTE = 300
_MOST_FIELDS = 8


class Example(NamedTuple):
    """A row that breaks a rule: its label or place, and the value there; "" where it says nothing.

    Both are texts, cut where they are long.
    """

    row: str
    value: str


@dataclass(frozen=True, slots=True)
class Breach:
    """A rule that is broken.

    Args:
        rule: What must hold.
        column: Of which column; empty if it is of the whole.
        rows: How many rows break it; None if it is not one of rows.
        examples: The first of them.
        note: What else is to be said.
        is_error: Whether the check could not be made, so that nothing is known.
    """

    rule: str
    column: str = ""
    rows: int | None = None
    examples: tuple[Example, ...] = ()
    note: str = ""
    is_error: bool = False

    def document(self) -> dict[str, Json]:
        """As JSON."""
        told: dict[str, Json] = {"rule": self.rule, "column": self.column, "rows": self.rows}
        examples: list[Json] = [list(each) for each in self.examples]
        return {**told, "examples": examples, "note": self.note, "error": self.is_error}


def value_text(value: Any) -> str:
    """A value of a cell as a report shows it, on one line."""
    try:
        told = repr(value) if isinstance(value, str | bytes) else str(value)
    except Exception:  # noqa: BLE001 (an object in a cell may be of any class)
        told = f"a {type(value).__name__}"
    return shortened(_printable(told), _LONGEST_VALUE)


def label_text(label: Any) -> str:
    """The label of a row: of several levels, each of them."""
    if isinstance(label, tuple):
        return f"({', '.join(map(label_text, label))})"
    return name_text(label) if isinstance(label, str) else value_text(label)


def name_text(name: Any) -> str:
    """The name of a column, which may be anything that can be hashed."""
    told = value_text(name) if not isinstance(name, str) else _printable(name)
    return shortened(told, _LONGEST_NAME) or "''"


def note_text(text: str) -> str:
    """The first line of what somebody else says."""
    lines = (line.strip() for line in text.splitlines())
    return shortened(_printable(next(filter(None, lines), "")), _LONGEST_NOTE)


def row_text(row: Iterable[tuple[Any, Any]]) -> str:
    """The first fields of a row: ``month=3, day=14``."""
    pairs = list(itertools.islice(row, _MOST_FIELDS + 1))
    told = [f"{name_text(name)}={value_text(value)}" for name, value in pairs[:_MOST_FIELDS]]
    return ", ".join([*told, "…"] if len(pairs) > _MOST_FIELDS else told)


def error_text(error: BaseException) -> str:
    """An exception in a line."""
    try:
        return note_text(f"{type(error).__name__}: {error}").removesuffix(":")
    except Exception:  # noqa: BLE001 (its text is the user's own code)
        return type(error).__name__


def _printable(text: str) -> str:
    return text if text.isprintable() else repr(text)[1:-1]
