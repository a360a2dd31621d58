"""How a value that does not fit its annotation is told."""

from __future__ import annotations

import datetime as dt
import reprlib
from collections.abc import Iterable
from typing import Any

from windlass.pipeline.mismatch import expected, from_before

_SHORT = reprlib.Repr()
_SHORT.maxstring = _SHORT.maxother = 80


class RefusedError(Exception):
    """A value is not what its annotation asks for. It never leaves this floor.

    Args:
        what: What is wrong, to stand after the value's name: "is 2.5, not an int".
        path: Where in the value, outermost first.
        near: Whether its type is right, and only something about it wrong.
    """

    def __init__(self, what: str, path: tuple[str, ...] = (), *, near: bool = True) -> None:
        super().__init__(what)
        self.what = what
        self.path = path
        self.near = near

    def inside(self, place: str) -> RefusedError:
        """The same, told from one level further out."""
        return RefusedError(self.what, (place, *self.path))

    def told_of(self, name: str) -> str:
        """A whole sentence about the value called `name`."""
        return f"{' of '.join((*reversed(self.path), name))} {self.what}"


def is_not(value: object, kind: Any) -> RefusedError:
    """The refusal of a value that is of another type altogether."""
    told = from_before(value, kind) or f"is {shown(value)}, not {expected(kind)}"
    return RefusedError(told, near=False)


def short(value: object) -> str:
    """The ``repr`` of a value, cut where it is long."""
    return _SHORT.repr(value)


def shown(value: object) -> str:
    """A value as a message shows it: as it is if it is small, else by its class."""
    if isinstance(value, str):
        return f"the text {short(value)}"
    if value is None or isinstance(value, bool | int | float | dt.date | dt.time | dt.timedelta):
        return str(value)
    if isinstance(value, list | tuple | dict | set):
        return f"the {type(value).__name__} {short(value)}"
    return expected(type(value))


def close_to(name: str, known: Iterable[str]) -> str:
    """The question whether another name was meant, if one is close."""
    import difflib

    found = difflib.get_close_matches(name, list(known), n=1)
    return f"; did you mean '{found[0]}'?" if found else ""
