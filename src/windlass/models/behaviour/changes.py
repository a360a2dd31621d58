"""What a cell says is changed, ``rain=+0.5; carrier=UA``, and which rows, ``rain>0.1``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, TypeAlias

from windlass.errors import DefinitionError
from windlass.models.behaviour.expectations import parse_number
from windlass.models.behaviour.quoting import head_and_rest, quoted, split, unquoted

MISSING = "<missing>"
"""What stands for a missing value in a cell."""

Operation: TypeAlias = Literal["=", "+", "-", "*"]
Comparison: TypeAlias = Literal["=", "!=", "<", "<=", ">", ">="]

_STARTS = "=+-*"
_COMPARED = re.compile(r"(!=|<=|>=|=|<|>)\s*(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Change:
    """A change of a column.

    Args:
        column: Its name.
        operation: ``=`` sets, the others compute.
        value: A value as text; of the others a number.
        comma: Whether a number may have a decimal comma.
    """

    column: str
    operation: Operation
    value: str
    comma: bool = False

    def text(self) -> str:
        """As in a cell."""
        value = self.value if self.operation != "=" else quoted(self.value, _STARTS)
        operation = "" if self.operation == "=" else self.operation
        return f"{quoted(self.column)}={operation}{value}"

    @property
    def number(self) -> float:
        """The number of one that computes."""
        return parse_number(self.value, comma=self.comma)


@dataclass(frozen=True, slots=True)
class Condition:
    """What rows must be like.

    Args:
        column: Of which.
        comparison: How it is compared.
        value: With what, as text.
    """

    column: str
    comparison: Comparison
    value: str

    def text(self) -> str:
        """As in a cell."""
        return f"{quoted(self.column)}{self.comparison}{quoted(self.value, '=')}"


def parse_changes(text: str, *, comma: bool = False) -> tuple[Change, ...]:
    """The changes of a cell; none of an empty one.

    Args:
        text: Parts between semicolons: ``a=5`` sets, ``a=+5``, ``a=-5`` and ``a=*5`` compute,
            ``a==-5`` and ``a="-5"`` set what would else compute, ``a=<missing>`` leaves it out.
        comma: Whether numbers may have a decimal comma.

    Raises:
        DefinitionError: A part is no change, or a column is changed twice.
    """
    found = tuple(_change(part, comma=comma) for part in split(text))
    columns = [each.column for each in found]
    for column in columns:
        if columns.count(column) > 1:
            raise DefinitionError(f"the column '{column}' is changed twice")
    return found


def _change(part: str, *, comma: bool) -> Change:
    column, rest = head_and_rest(part)
    if not column or not rest.startswith("=") or not rest[1:].strip():
        raise DefinitionError(
            f"'{part}' is no change", hint="Write column=value, column=+0.5 or column=*1.1."
        )
    value = rest[1:].strip()
    if value[0] in "+-*":
        operation: Operation = value[0]  # type: ignore[assignment]
        computed = Change(column, operation, value[1:].strip(), comma)
        try:
            _ = computed.number
        except DefinitionError as error:
            raise DefinitionError(
                f"'{part}': {error.message}",
                hint=f"To set just that, write {column}={quoted(value, _STARTS)}.",
            ) from error
        return computed
    literal = value[1:].strip() if value[0] == "=" else value
    return Change(column, "=", unquoted(literal), comma)


def parse_conditions(text: str) -> tuple[Condition, ...]:
    """The conditions of a cell, all of which must hold; none of an empty one.

    Raises:
        DefinitionError: A part is no condition.
    """
    return tuple(_condition(part) for part in split(text))


def _condition(part: str) -> Condition:
    column, rest = head_and_rest(part)
    found = _COMPARED.fullmatch(rest)
    if not column or found is None or not found[2].strip():
        raise DefinitionError(
            f"'{part}' is no condition", hint="Write column=value, column!=value or column>0.1."
        )
    return Condition(column, found[1], unquoted(found[2].strip()))  # type: ignore[arg-type]
