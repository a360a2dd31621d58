"""Words of the language: numbers, dates, durations, names, quoted texts, signs."""

from __future__ import annotations

import re
from typing import NamedTuple

from windlass.errors import QueryError

MOST = 10_000
"""Characters of a question: more come from a program gone wrong."""

_UNIT = (
    r"(?:weeks?|w|days?|d|hours?|hrs?|h|minutes?|mins?|min|m|milliseconds?|ms|seconds?|secs?|sec|s)"
)
_PATTERN = re.compile(
    rf"""
    (?P<space>\s+)
    | (?P<quoted>"(?:[^"\\]|\\.)*" | '(?:[^'\\]|\\.)*')
    | (?P<date>\d{{4}}-\d\d-\d\d
        (?:[T\ ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?(?![\w.:-]))
    | (?P<span>(?:\d+(?:\.\d+)?\s*{_UNIT}(?![a-zA-Z])\s*)+(?:ago\b)?)
    | (?P<number>[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|inf\b)(?![\w.]))
    | (?P<sign><=|>=|!=|<>|==|!~|[=<>~(),.])
    | (?P<word>[^\W\d][\w/-]*)
    """,
    re.VERBOSE | re.DOTALL,
)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_UNDER_IT = "^"


class Token(NamedTuple):
    """A word of a question.

    Args:
        kind: ``quoted``, ``date``, ``span``, ``number``, ``sign``, ``word``, ``end``.
        text: As it is written; of a quoted text what is between the quotes.
        place: Where it begins.
    """

    kind: str
    text: str
    place: int


def tokens_of(text: str) -> list[Token]:
    """The words of a question, ``end`` as the last.

    Raises:
        QueryError: Something in it is no word.
    """
    if len(text) > MOST:
        raise QueryError(
            f"the question has {len(text):,} characters", hint=f"Ask in {MOST:,} at most."
        )
    found, place = [], 0
    while place < len(text):
        match = _PATTERN.match(text, place)
        if match is None:
            raise _no_word(text, place)
        kind, told = str(match.lastgroup), match[0].rstrip()
        if kind == "quoted":
            told = _ESCAPED.sub(r"\1", told[1:-1])
        if kind != "space":
            found.append(Token(kind, told, place))
        place = match.end()
    return [*found, Token("end", "", len(text))]


def wrong(text: str, place: int, message: str, hint: str | None = None) -> QueryError:
    """An error that points at its place in the question."""
    line_start = text.rfind("\n", 0, place) + 1
    line = text[line_start:].partition("\n")[0]
    column = place - line_start
    first = max(0, column - 60)
    shown = "".join(letter if letter.isprintable() else " " for letter in line)[first : column + 40]
    return QueryError(f"{message}\n  {shown}\n  {' ' * (column - first)}{_UNDER_IT}", hint=hint)


def _no_word(text: str, place: int) -> QueryError:
    if text[place] in "\"'":
        return wrong(text, place, "this quote is not closed", f"Close it: {text[place]}")
    if text[place].isdigit():
        return wrong(
            text, place, "this is neither a number nor a date", "Put quotes around a text: '1.2.3'"
        )
    return wrong(text, place, f"{text[place]!r} is no word of a question", "Quote texts: 'like %'")
