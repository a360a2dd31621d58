"""What of a run may be asked, and with what it may be compared."""

from __future__ import annotations

import datetime as dt
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal, TypeAlias

from windlass.records.asking.tokens import Token, wrong

Kind: TypeAlias = Literal["text", "number", "seconds", "time", "plain"]

OF_RUNS: dict[str, Kind] = {
    "name": "text",
    "pipeline": "text",
    "status": "text",
    "target": "text",
    "stack": "text",
    "seed": "number",
    "created": "time",
    "seconds": "seconds",
}
GROUPS: dict[str, Kind] = {"tags": "text", "params": "plain", "metrics": "number"}
PARTS = {"last": "last", "min": "low", "max": "high"}
_STATUSES = ("succeeded", "failed", "cancelled", "lost", "running")
_ORDERED = ("<", "<=", ">", ">=")
_UNITS = {"w": 604800.0, "d": 86400.0, "h": 3600.0, "m": 60.0, "ms": 0.001, "s": 1.0}
_WITH_SECONDS = re.compile(r"\d\d:\d\d:\d\d")
_SPAN = re.compile(r"(\d+(?:\.\d+)?)\s*([a-zA-Z]+)")


@dataclass(frozen=True, slots=True)
class Field:
    """What is asked.

    Args:
        group: ``run``, ``tags``, ``params`` or ``metrics``.
        name: Of the column, the tag, the parameter or the metric.
        kind: What it is compared with.
        part: Of a metric, which of its numbers: ``last``, ``low`` or ``high``.
    """

    group: str
    name: str
    kind: Kind
    part: str = "last"


@dataclass(frozen=True, slots=True)
class Value:
    """What a field is compared with.

    Args:
        first: A text; a number; the first moment that is meant, in seconds since 1970.
        end: Of a moment, the first that is not meant any more: a day is all of its moments.
    """

    first: str | float
    end: float | None = None


def field_of(text: str, place: int, parts: Sequence[str], *, is_quoted: bool) -> Field:
    """The field of a name.

    Args:
        text: The question.
        place: Where the name stands in it.
        parts: What its dots divide.
        is_quoted: Whether the last part is quoted, and so no word of the language.

    Raises:
        QueryError: There is no such field.
    """
    first, rest = parts[0].lower(), list(parts[1:])
    if first in OF_RUNS and not rest:
        return Field("run", first, OF_RUNS[first])
    if first not in GROUPS:
        raise wrong(text, place, f"there is no field '{'.'.join(parts)}'", _near(first))
    part = "last"
    if first == "metrics" and len(rest) > 1 and not is_quoted and rest[-1].lower() in PARTS:
        part = PARTS[rest.pop().lower()]
    if not rest:
        raise wrong(text, place, f"which of the {first} is meant?", f"Such as {first}.depth")
    return Field(first, ".".join(rest), GROUPS[first], part)


def _near(name: str) -> str:
    known = [*OF_RUNS, *GROUPS]
    near = get_close_matches(name, known, 1, 0.5)
    if near:
        return f"Is it '{near[0]}'?"
    return f"There is {', '.join(OF_RUNS)}; and tags.NAME, params.NAME, metrics.NAME."


def value_of(text: str, place: int, field: Field, sign: str, token: Token) -> Value:
    """A value, as a field is compared with it.

    Args:
        text: The question.
        place: Where the comparison stands in it.
        field: What is compared.
        sign: How.
        token: The value as it is written.

    Raises:
        QueryError: The two cannot be compared so.
    """
    match field.kind:
        case "text":
            _refuse(text, place, sign, _ORDERED, f"texts such as {field.name} have no order")
            return Value(_status(text, token) if field.name == "status" else token.text)
        case "plain":
            return _plain(text, place, sign, token)
        case "time":
            _refuse(text, place, sign, ("~",), "times hold no text")
            return _moment(text, token)
        case kind:
            _refuse(text, place, sign, ("~",), "numbers hold no text")
            return Value(_number(text, token, takes_span=kind == "seconds"))


def _refuse(text: str, place: int, sign: str, signs: Sequence[str], why: str) -> None:
    if sign in signs:
        wanted = "=, !=, ~ or in (…)" if "<" in signs else "=, !=, <, <=, > or >="
        raise wrong(text, place, f"'{sign}' cannot be asked: {why}", f"Use {wanted}")


def _status(text: str, token: Token) -> str:
    told = token.text.lower()
    if told not in _STATUSES:
        near = get_close_matches(told, _STATUSES, 1, 0.5)
        hint = f"Is it '{near[0]}'?" if near else f"Runs are {', '.join(_STATUSES)}."
        raise wrong(text, token.place, f"no run is '{token.text}'", hint)
    return told


def _plain(text: str, place: int, sign: str, token: Token) -> Value:
    """Of a parameter: a number where one is written, else a text."""
    if token.kind == "number":
        _refuse(text, place, sign, ("~",), "numbers hold no text")
        return Value(_number(text, token, takes_span=False))
    _refuse(text, place, sign, _ORDERED, "only numbers among the parameters have an order")
    is_word = token.kind == "word" and token.text.lower() in ("true", "false")
    return Value(token.text.lower() if is_word else token.text)


def _number(text: str, token: Token, *, takes_span: bool) -> float:
    if token.kind == "number":
        return _exact(token.text)
    if takes_span and token.kind == "span" and not token.text.endswith("ago"):
        return _span(token.text)
    if token.text.lower() in ("nan", "null", "none"):
        raise wrong(text, token.place, "nothing is equal to no number", "Write: is null")
    hint = "Such as 90, 5m or 1h30m" if takes_span else "Such as 0.8"
    raise wrong(text, token.place, f"'{token.text}' is not a number", hint)


def _exact(told: str) -> float:
    """A number; a seed of 64 bits is more than one with a point can hold."""
    if told.lstrip("+-").isdecimal() and len(told) <= 20:
        whole = int(told)
        return whole if -(2**63) <= whole < 2**63 else float(whole)
    return float(told)


def _span(told: str) -> float:
    """Seconds of ``1h30m``, ``2 days``, ``90 s``."""
    return sum(float(amount) * _unit(unit) for amount, unit in _SPAN.findall(told))


def _unit(name: str) -> float:
    name = name.lower()
    short = "ms" if name in ("ms", "millisecond", "milliseconds") else name[0]
    return _UNITS[short]


def _moment(text: str, token: Token) -> Value:
    """The moments that are meant: ``2026-11-20`` is a day, ``2026-11-20T10:00`` a minute."""
    told = token.text.strip().lower()
    now = time.time()
    if told == "now":
        return Value(now, now)
    if told in ("today", "yesterday"):
        day = dt.date.today() - dt.timedelta(days=told == "yesterday")
        return _day(day)
    if token.kind in ("span", "quoted") and told.endswith("ago") and _SPAN.match(told):
        moment = now - _span(told.removesuffix("ago"))
        return Value(moment, moment)
    try:
        return _day(dt.date.fromisoformat(told))
    except ValueError:
        return _time(text, token)


def _day(day: dt.date) -> Value:
    begins = [dt.datetime.combine(each, dt.time()) for each in (day, day + dt.timedelta(days=1))]
    return Value(begins[0].timestamp(), begins[1].timestamp())


def _time(text: str, token: Token) -> Value:
    try:
        moment = dt.datetime.fromisoformat(token.text.strip().upper())
    except ValueError:
        raise wrong(
            *(text, token.place, f"'{token.text}' is no time"),
            "Such as 2026-01-31, '2026-01-31 10:30', yesterday, or 3 days ago",
        ) from None
    begins = moment.timestamp()
    if moment.microsecond:
        return Value(begins, begins)
    return Value(begins, begins + (1 if _WITH_SECONDS.search(token.text) else 60))
