"""Attacks that the cache does not withstand as yet, by what is behind them."""

from __future__ import annotations

_GONE, _LINE = "by a constant that is gone", "in one line"
_OPAQUE = (
    *("a configparser", "a template", "a namespace", "an array.array"),
    *("a generator of numbers", "a dict with an open file", "an instance with an open file"),
)
_BY_REASON: dict[str, tuple[str, ...]] = {
    "a ContextVar counts as without state": ("a default of a context variable",),
    "types of C that are on the heap are taken to hold nothing": (
        "an instance of a subclass of array.array",
    ),
    "of what cannot be looked into, only the statement counts, not what it reads": (
        *(f"{each} read from a file {way}" for each in _OPAQUE for way in (_GONE, _LINE)),
        "an instance with an open file, of a variable",
    ),
    "what other modules do to what cannot be looked into is not seen": (
        "an instance with an open file changed by another module: settings.S",
    ),
    "a function under its own name is taken for one that was followed, though a library made it": (
        "the types of two dispatched functions swapped: import base",
        "the type of a dispatched function: import base",
        "the type of a dispatched function of another module: import base",
    ),
    "of a class that is defined twice, all definitions count, not the one that is there": (
        "a class defined twice, by a variable",
    ),
}
KNOWN = {name: reason for reason, names in _BY_REASON.items() for name in names}
"""Why, by the name of the case."""
