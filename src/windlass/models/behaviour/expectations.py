"""What a cell says is expected: ``late``, ``30±10``, ``<0.3``, ``same±0.01``, ``up>0.05``."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from windlass.errors import DefinitionError

Kind: TypeAlias = Literal["minimum", "invariance", "directional"]
KINDS: tuple[Kind, ...] = ("minimum", "invariance", "directional")

SLACK = 1e-9
"""Rounding: 0.1 + 0.2 is to be within 0.3±0."""


@dataclass(frozen=True, slots=True)
class Label:
    """The label itself.

    Args:
        label: As text.
    """

    label: str

    def text(self) -> str:
        """As in a cell."""
        return self.label

    def words(self) -> str:
        """What it was to do, for a sentence."""
        return f"be {self.label}"


@dataclass(frozen=True, slots=True)
class Near:
    """A number, and how far from it the output may be."""

    value: float
    tolerance: float

    def text(self) -> str:
        """As in a cell."""
        return f"{self.value!r}±{self.tolerance!r}"

    def words(self) -> str:
        """What it was to do, for a sentence."""
        return f"be {self.value:g}±{self.tolerance:g}"

    def holds(self, value: float) -> bool:
        """Whether an output is near enough."""
        return abs(value - self.value) <= self.tolerance + SLACK * max(1.0, abs(self.value))


@dataclass(frozen=True, slots=True)
class Bound:
    """A side of a number on which the output must be."""

    operator: Literal["<", "<=", ">", ">="]
    value: float

    def text(self) -> str:
        """As in a cell."""
        return f"{self.operator}{self.value!r}"

    def words(self) -> str:
        """What it was to do, for a sentence."""
        return f"be {self.operator} {self.value:g}"

    def holds(self, value: float) -> bool:
        """Whether an output is on that side."""
        return _COMPARE[self.operator](value, self.value)


@dataclass(frozen=True, slots=True)
class Same:
    """The output is not moved.

    Args:
        tolerance: By how much a number may be; None for nothing but rounding, and for labels.
    """

    tolerance: float | None = None

    def text(self) -> str:
        """As in a cell."""
        return "same" if self.tolerance is None else f"same±{self.tolerance!r}"

    def words(self) -> str:
        """What it was to do, for a sentence."""
        return "stay the same" + ("" if self.tolerance is None else f", ±{self.tolerance:g}")

    def holds(self, moved: float) -> bool:
        """Whether an output that was moved by that stays the same."""
        return abs(moved) <= (self.tolerance or 0.0) + SLACK


@dataclass(frozen=True, slots=True)
class Moves:
    """The output is moved a stated way.

    Args:
        way: ``up`` or ``down``.
        by: By how much, 0 or more.
        or_just: Whether just that much will do.
    """

    way: Literal["up", "down"]
    by: float = 0.0
    or_just: bool = False

    def text(self) -> str:
        """As in a cell."""
        plain = not self.by and not self.or_just
        return self.way if plain else f"{self.way}>{'=' * self.or_just}{self.by!r}"

    def words(self) -> str:
        """What it was to do, for a sentence."""
        by = f" by {'at least' if self.or_just else 'more than'} {self.by:g}"
        if self.or_just and not self.by:
            return f"not go {'down' if self.way == 'up' else 'up'}"
        return f"go {self.way}{by if self.by or self.or_just else ''}"

    def holds(self, moved: float) -> bool:
        """Whether an output that was moved by that went so."""
        along = moved if self.way == "up" else -moved
        return along >= self.by - SLACK if self.or_just else along > self.by


Expectation: TypeAlias = Label | Near | Bound | Same | Moves

_COMPARE: dict[str, Callable[[float, float], bool]] = {
    "<": lambda value, bound: value < bound,
    "<=": lambda value, bound: value <= bound + SLACK,
    ">": lambda value, bound: value > bound,
    ">=": lambda value, bound: value >= bound - SLACK,
}

_NUMBER = r"[+-]?(?:\d+(?:[.,]\d*)?|[.,]\d+)(?:[eE][+-]?\d+)?\s*%?"
_NEAR = re.compile(rf"({_NUMBER})\s*(?:±|\+-|\+/-)\s*({_NUMBER})")
_BOUND = re.compile(rf"(<=|>=|≤|≥|<|>)\s*({_NUMBER})")
_SAME = re.compile(rf"same(?:\s*(?:±|\+-|\+/-)\s*({_NUMBER}))?", re.IGNORECASE)
_MOVES = re.compile(rf"(up|down)(?:\s*(>=|≥|>)\s*({_NUMBER}))?", re.IGNORECASE)


def parse_number(text: str, *, comma: bool = False) -> float:
    """A number; ``30%`` is 0.3.

    Args:
        text: It.
        comma: Whether it may have a decimal comma.

    Raises:
        DefinitionError: It is none.
    """
    plain = text.strip()
    if re.fullmatch(_NUMBER, plain) is None or ("," in plain and not comma):
        hint = "Write it with a decimal point." if "," in plain else None
        raise DefinitionError(f"'{text}' is no number", hint=hint)
    number = float(plain.rstrip("% ").replace(",", "."))
    if number in (float("inf"), float("-inf")):
        raise DefinitionError(f"'{text}' is too large a number")
    return number / 100 if plain.endswith("%") else number


def parse_expectation(kind: Kind, text: str, *, comma: bool = False) -> Expectation:
    """What is expected of a row of that kind.

    Args:
        kind: ``minimum``, ``invariance`` or ``directional``.
        text: The cell.
        comma: Whether its numbers may have a decimal comma.

    Raises:
        DefinitionError: It is no such expectation.
    """
    text = text.strip()
    if not text:
        raise DefinitionError("nothing is expected", hint=f"Write {_HINTS[kind]}.")

    def number(told: str) -> float:
        return parse_number(told, comma=comma)

    found: Expectation | None
    if kind == "minimum":
        found = _minimum(text, number)
    elif kind == "invariance":
        same = _SAME.fullmatch(text)
        found = same and Same(None if same[1] is None else _positive(number(same[1]), text))
    else:
        found = _moves(text, number)
    if found is None:
        raise DefinitionError(
            f"'{text}' is nothing that is expected of {kind} tests", hint=f"Write {_HINTS[kind]}."
        )
    return found


_HINTS: dict[Kind, str] = {
    "minimum": "a label, or a number as 30±10, <0.3 or >=5",
    "invariance": "same, or same±0.01",
    "directional": "up, down, up>0.05, or down>=0 for not going up",
}


def _minimum(text: str, number: Callable[[str], float]) -> Expectation:
    if near := _NEAR.fullmatch(text):
        return Near(number(near[1]), _positive(number(near[2]), text))
    if bound := _BOUND.fullmatch(text):
        operator = {"≤": "<=", "≥": ">="}.get(bound[1], bound[1])
        return Bound(operator, number(bound[2]))  # type: ignore[arg-type]
    if text[0] in "<>≤≥" or "±" in text:
        raise DefinitionError(f"'{text}' holds no number", hint=f"Write {_HINTS['minimum']}.")
    return Label(text)


def _moves(text: str, number: Callable[[str], float]) -> Moves | None:
    found = _MOVES.fullmatch(text)
    if found is None:
        return None
    by = 0.0 if found[3] is None else _positive(number(found[3]), text)
    return Moves(found[1].lower(), by, found[2] in (">=", "≥"))  # type: ignore[arg-type]


def _positive(value: float, text: str) -> float:
    if value < 0:
        raise DefinitionError(f"'{text}' has a tolerance or a step below zero")
    return value + 0.0
