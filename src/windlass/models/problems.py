"""What is found when data is held against what a model takes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from windlass.errors import SignatureError

Severity: TypeAlias = Literal["error", "warning", "note"]


@dataclass(frozen=True, slots=True)
class Problem:
    """One way in which data is not what a model learnt from.

    Args:
        part: The column or tensor.
        rule: ``missing column``, ``kind``, ``missing values``, ``infinite``, ``category``,
            ``range``, ``fit``, ``shape`` or ``extra column``.
        severity: An ``error`` keeps the model from being asked; a ``warning`` is for people, and
            for monitors; a ``note`` tells what is left out.
        message: In words.
    """

    part: str
    rule: str
    severity: Severity
    message: str

    def __str__(self) -> str:
        return self.message


def refuse(problems: Iterable[Problem]) -> None:
    """Raises if any of the problems is an error.

    Raises:
        SignatureError: It names all errors, of the longest lists the first ones.
    """
    found = tuple(problem for problem in problems if problem.severity == "error")
    if not found:
        return
    errors = [problem.message for problem in found]
    error = SignatureError(
        errors[0] if len(errors) == 1 else "the data is not what the model takes: " + told(errors),
        hint="Give it data like what it learnt from, or train it on data like this.",
    )
    error.problems, error.found = tuple(errors), found
    raise error


_MOST = 10


def told(parts: Sequence[str], separator: str = "; ", most: int = _MOST) -> str:
    """A list in one line, of a long one its head and how many more there are."""
    more = len(parts) - most
    head = separator.join(parts[:most])
    return f"{head}{separator.rstrip()} and {more:,} more" if more > 0 else head
