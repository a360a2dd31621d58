"""Values in few words, whatever their `repr` does and however much they hold."""

from __future__ import annotations

from collections import Counter, OrderedDict, defaultdict
from reprlib import Repr
from types import SimpleNamespace

from windlass.sharing import parts_written

_MANY = 50
_MOST_BITS = 4000  # of a number that Python still prints
_MOST = 5000  # parts looked at: of fifty lists in each of fifty, six levels deep, there is no end
_AT_ONCE = (float, bool, type(None))


class _Repr(Repr):
    """Looks at few items and few levels of what may be large."""

    def __init__(self) -> None:
        super().__init__()
        self.maxlevel = 6
        self.maxlist = self.maxtuple = self.maxdict = self.maxset = self.maxfrozenset = _MANY
        self.maxstring = self.maxlong = self.maxother = 1000
        self.left = _MOST

    def repr1(self, x: object, level: int) -> str:
        self.left -= 1
        return super().repr1(x, level) if self.left >= 0 else "..."

    def repr_int(self, x: int, level: int) -> str:
        return super().repr_int(x, level) if x.bit_length() < _MOST_BITS else "a huge number"

    def repr_dict(self, x: dict[object, object], level: int) -> str:
        if level <= 0 or not x:
            return "{...}" if x else "{}"
        items = list(x.items())[:_MANY]  # in their order, which is part of the value
        told = [
            f"{self.repr1(key, level - 1)}: {self.repr1(part, level - 1)}" for key, part in items
        ]
        return "{" + ", ".join(told + ["..."] * (len(x) > _MANY)) + "}"

    def repr_instance(self, x: object, level: int) -> str:
        """What else there is: dicts of `collections` are told as dicts are, not whole."""
        if type(x) is defaultdict:
            fill = getattr(x.default_factory, "__qualname__", x.default_factory)
            return f"defaultdict({fill}, {self.repr_dict(x, level)})"
        if type(x) in (Counter, OrderedDict):
            return f"{type(x).__name__}({self.repr_dict(x, level)})"  # type: ignore[arg-type]
        if type(x) is SimpleNamespace:
            told = [f"{name}={self.repr1(part, level - 1)}" for name, part in vars(x).items()]
            return f"namespace({', '.join(told)})" if level > 0 else "namespace(...)"
        if parts_written(x) > _MOST:  # its own words tell every one
            return _named(x)
        words = super().repr_instance(x, level)  # where it has none, reprlib tells its address
        return _named(x) if words.startswith(f"<{type(x).__name__} instance at") else words


def words_for(value: object, longest: int) -> str:
    """The `repr` of a value, cut where it is too long; its type where it has none."""
    if type(value) in _AT_ONCE:
        return repr(value)
    try:
        told = _Repr().repr(value)
    except Exception:  # noqa: BLE001 (the project's own code may raise anything)
        return _named(value)
    return told if len(told) <= longest else f"{told[: longest - 1]}…"


def text_of(value: object) -> str:
    """The `str` of a value; its type where it has none."""
    try:
        return str(value)
    except Exception:  # noqa: BLE001 (the project's own code may raise anything)
        return _named(value)


def _named(value: object) -> str:
    return f"<{type(value).__qualname__}>"
