"""Attacks that the cache does not withstand, by what is behind them.

All of them read a file as a module is imported, which is neither declared nor kept under a name.
"""

from __future__ import annotations

_BY_REASON: dict[str, tuple[str, ...]] = {
    "a generator that is not seeded is another one each time: its statement counts": tuple(
        f"a generator of numbers read from a file {way}"
        for way in ("by a constant that is gone", "in one line")
    ),
    "of an effect, the statement counts, not the values in it": tuple(
        f"an effect{way} that a file tells" for way in ("", " in a call", " in a function")
    ),
}
KNOWN = {name: reason for reason, names in _BY_REASON.items() for name in names}
"""Why, by the name of the case."""
