"""A report of failed checks, as a person reads it: which rule, how many rows, and which.

load_flights → output breaks Flights:
  departure  greater_than_or_equal_to(0)  12 of 336,776 rows: 17: -4.0, 311: -1.0, …
  carrier    not null                     3 of 336,776 rows: 4, 8, 15
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, NamedTuple

from windlass.execution.data_checks.breaches import Breach, Example
from windlass.words import shortened

_MOST_LINES = 20
_MOST_FAILURES = 5
_MOST_EXAMPLES = 3
_LONGEST = 100
_WIDEST = 40
"""Letters of a column's name or a rule to which others are aligned."""


class Failure(NamedTuple):
    """A check that a value breaks.

    Args:
        check: Its name.
        at: Which value.
        rows: How many rows that has.
        breaches: The rules that are broken.
    """

    check: str
    at: str
    rows: int | None
    breaches: tuple[Breach, ...]


def report(step: str, border: str, failures: Sequence[Failure]) -> str:
    """The report of the checks that failed at a border of a step.

    Args:
        step: Its name.
        border: ``input`` or ``output``.
        failures: What failed.
    """
    told = failures[:_MOST_FAILURES]
    lines = [line for each in told for line in _lines(each, step, _arrow(border))]
    more = len(failures) - _MOST_FAILURES
    if more > 0:
        lines.append(f"… and {more:,} more")
    return "\n".join(lines)


def passed_text(checks: Sequence[Mapping[str, Any]]) -> str:
    """Which checks of a node passed, at which borders, and how many rows they looked at.

    Args:
        checks: Their evidence, in the order in which they were made.

    Returns:
        Such as ``← flights: Flights (2 rows); → head: Flights, not_empty (1 row)``; empty if none
        has passed.
    """
    passed = [check for check in checks if check["verdict"] == "pass"]
    places = groupby(passed, lambda check: (check["border"], check["at"], _looked_at(check)))
    return "; ".join(
        f"{_arrow(border)} {at}: {', '.join(check['check'] for check in found)}{size}"
        for (border, at, size), found in places
    )


def _looked_at(check: Mapping[str, Any]) -> str:
    """How much a check has seen: of one value that has no rows, there is nothing to say."""
    values, rows = check["values"], check["rows"]
    told = [f"{values:,} values"] if values > 1 else []
    told += [] if rows is None else [f"{rows:,} row{'' if rows == 1 else 's'}"]
    return f" ({', '.join(told)})" if told else ""


def _arrow(border: str) -> str:
    return "←" if border == "input" else "→"


def _lines(failure: Failure, step: str, arrow: str) -> Iterator[str]:
    broken = all(breach.is_error for breach in failure.breaches)
    verb = "cannot be checked by" if broken else "breaks"
    yield f"{step} {arrow} {failure.at} {verb} {failure.check}:"
    shown = failure.breaches[:_MOST_LINES]
    columns, rules = _width(b.column for b in shown), _width(b.rule for b in shown)
    for each in shown:
        rule = shortened(each.rule, _LONGEST).ljust(rules)
        told = [each.column.ljust(columns), rule, _facts(each, failure.rows)]
        yield f"  {'  '.join(part for part in told if part)}".rstrip()
    more = len(failure.breaches) - len(shown)
    if more:
        yield f"  … and {more:,} more"


def _width(texts: Iterator[str]) -> int:
    return max((len(text) for text in texts if len(text) <= _WIDEST), default=0)


def _facts(breach: Breach, rows: int | None) -> str:
    """How many rows, and which; or what else there is to say."""
    if breach.rows is None:
        return breach.note
    of = "" if rows is None else f" of {rows:,}"
    told = f"{breach.rows:,}{of} row{'' if (rows or breach.rows) == 1 else 's'}"
    examples = ", ".join(map(_text, breach.examples[:_MOST_EXAMPLES]))
    more = ", …" if breach.rows > _MOST_EXAMPLES and examples else ""
    note = f"; {breach.note}" if breach.note else ""
    return f"{told}{': ' if examples else ''}{examples}{more}{note}"


def _text(example: Example) -> str:
    return shortened(": ".join(part for part in example if part), _LONGEST)
