"""Single values made what an annotation asks for: numbers, text, dates, paths, enums.

Text is never a number and a bool never an int, since such a slip would go unseen. A whole float
is an int and an int a float; text is a date, a duration, a path, or an enum's value or name.
"""

from __future__ import annotations

import datetime as dt
import pathlib
import re
import sys
from collections.abc import Callable
from typing import Any

from windlass.pipeline.mismatch import from_before
from windlass.pipeline.refusal import RefusedError, is_not, shown
from windlass.pipeline.with_pydantic import validated

_LARGEST_EXACT = 2**53
"""Past it a float is no longer sure of its last digit."""

_UNITS = {"ms": 0.001, "s": 1, "m": 60, "min": 60, "h": 3600, "d": 86400, "w": 604800}


def without_numpy(value: Any) -> Any:
    """What a numpy number, bool or text holds; any other value as it is."""
    numpy = sys.modules.get("numpy")  # a value can only be of a library that is loaded
    if numpy is not None and isinstance(value, numpy.generic) and value.dtype.kind in "biufcU":
        return value.item()
    return value


def to_enum(kind: Any, value: Any) -> Any:
    """The member of that value or, given as text, of that name."""
    if isinstance(value, kind):
        return value
    try:
        if not isinstance(value, bool) or any(type(member.value) is bool for member in kind):
            return kind(value)
    except (ValueError, TypeError):
        pass
    if isinstance(value, str) and value in kind.__members__:
        return kind[value]
    told = f"is {shown(value)}, not one of {', '.join(kind.__members__)}"
    raise RefusedError(from_before(value, kind) or told, near=False)


def to_path(kind: Any, value: Any) -> Any:
    """A path, from text too."""
    if isinstance(value, kind):
        return value
    if isinstance(value, str) and value:
        return kind(value)
    raise is_not(value, kind)


def is_path(kind: Any) -> bool:
    """Whether an annotation is a class of paths."""
    return isinstance(kind, type) and issubclass(kind, pathlib.PurePath)


def _to_int(value: Any) -> int:
    if isinstance(value, float) and value.is_integer() and abs(value) <= _LARGEST_EXACT:
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return int(value)
    raise is_not(value, int)


def _to_float(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise is_not(value, float)
    try:
        return float(value)
    except OverflowError:
        raise RefusedError("is too large for a float") from None


def _to_complex(value: Any) -> complex:
    if isinstance(value, bool) or not isinstance(value, int | float | complex):
        raise is_not(value, complex)
    return complex(value)


def _to_bool(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    raise is_not(value, bool)


def _to_str(value: Any) -> str:
    if isinstance(value, str):
        return str.__str__(value)  # the plain text of a subclass such as an enum's member
    raise is_not(value, str)


def _to_bytes(value: Any) -> bytes:
    if isinstance(value, bytes | bytearray):
        return bytes(value)
    raise is_not(value, bytes)


def _to_none(value: Any) -> None:
    if value is not None:
        raise is_not(value, type(None))


def _to_date(value: Any) -> dt.date:
    if _is_no_time(value):
        raise is_not(value, dt.date)
    if isinstance(value, dt.datetime):
        if value.tzinfo is not None or value.time() != dt.time():
            raise RefusedError(f"is {value}, which has a time of day; a date has none")
        return value.date()
    if isinstance(value, dt.date):
        return value
    found: dt.date = _from_text(dt.date, value, "2024-01-31")
    return found


def _is_no_time(value: Any) -> bool:
    """Whether it is pandas' NaT, which passes for a datetime and a timedelta."""
    return isinstance(value, dt.datetime | dt.timedelta) and value != value  # noqa: PLR0124


def _to_datetime(value: Any) -> dt.datetime:
    if _is_no_time(value):
        raise is_not(value, dt.datetime)
    if isinstance(value, dt.datetime):  # combined anew: pandas has a subclass, which is not plain
        return dt.datetime.combine(value.date(), value.timetz())
    if isinstance(value, dt.date):
        return dt.datetime.combine(value, dt.time())
    found: dt.datetime = _from_text(dt.datetime, value, "2024-01-31T12:00")
    return found


def _to_time(value: Any) -> dt.time:
    return value if isinstance(value, dt.time) else _from_text(dt.time, value, "12:00")


def _from_text(kind: Any, value: Any, example: str) -> Any:
    if not isinstance(value, str):
        raise is_not(value, kind)
    try:
        return kind.fromisoformat(value.strip())
    except ValueError:
        name = kind.__name__
        raise RefusedError(f"is {shown(value)}, not a {name} such as {example}") from None


def _to_timedelta(value: Any) -> dt.timedelta:
    if isinstance(value, str):
        return _duration(value)
    if isinstance(value, dt.timedelta) and not _is_no_time(value):
        return dt.timedelta(value.days, value.seconds, value.microseconds)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _of_seconds(value, value)
    raise is_not(value, dt.timedelta)


def _of_seconds(seconds: float, value: Any) -> dt.timedelta:
    try:
        return dt.timedelta(seconds=seconds)
    except (OverflowError, ValueError):
        raise RefusedError(f"is {shown(value)}, which is no duration") from None


def _duration(text: str) -> dt.timedelta:
    """Of "90s", "15m", "1.5h", "2d", hours:minutes:seconds, or as ISO 8601 writes it."""
    clock = re.fullmatch(r"(\d+):([0-5]\d)(?::([0-5]\d(?:\.\d+)?))?", text.strip())
    if clock:
        seconds = int(clock[1]) * 3600 + int(clock[2]) * 60 + float(clock[3] or 0)
        return _of_seconds(seconds, text)
    short = re.fullmatch(r"(-?\d+(?:\.\d+)?)\s*([a-z]*)", text.strip())
    if short and (short[2] or "s") in _UNITS:
        return _of_seconds(float(short[1]) * _UNITS[short[2] or "s"], text)
    try:
        found: dt.timedelta = validated(dt.timedelta, text)
    except RefusedError:
        example = "a duration such as 90s, 15m, 2h or 1:30:00"
        raise RefusedError(f"is {shown(text)}, not {example}") from None
    return found


SCALARS: dict[Any, Callable[[Any], Any]] = {
    int: _to_int,
    float: _to_float,
    complex: _to_complex,
    bool: _to_bool,
    str: _to_str,
    bytes: _to_bytes,
    type(None): _to_none,
    dt.date: _to_date,
    dt.datetime: _to_datetime,
    dt.time: _to_time,
    dt.timedelta: _to_timedelta,
}
"""How each class of single values is made; the annotation is the class itself."""
