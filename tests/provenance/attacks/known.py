"""Attacks that the cache does not withstand, by what is behind them."""

from __future__ import annotations

_BY_REASON: dict[str, tuple[str, ...]] = {
    "a generator that is not seeded is another one each time: its statement counts": (
        "a generator of numbers read from a file by a constant that is gone",
        "a generator of numbers read from a file in one line",
    ),
    "of an effect, the statement counts, not the values in it": (
        "an effect that a file tells",
        "an effect in a call that a file tells",
        "an effect in a function that a file tells",
    ),
    "a variable is named in a text for a table": (
        "a query given to a helper of another module",
        "pandas' eval of a name",
    ),
    "a pickle is read by a library": ("a pickle of the project's object read by numpy",),
    "names are remembered that were there, not those that were not": (
        "a submodule that is there by a variable",
    ),
    "a class is remembered by its name and bases": ("a registered abc by a variable",),
    "of an effect, the statement counts, not what decides on it": (
        "a patched library by a variable",
    ),
    "what cannot be looked into counts by its statement, which reads a file": (
        "a categorical dtype a file tells",
        "a business day of holidays",
    ),
    "of a class, the order of methods counts": ("needless, a reordering of methods",),
    "an object that cannot be looked into is changed by a function that is given it": (
        "an sqlalchemy metadata filled by models",
        "a seeded generator advanced by another module",
        "an array that is not writeable",
    ),
    "of what a library made of a function, attributes are not looked at": (
        "an attribute of a vectorized function",
    ),
    "a fingerprint is remembered though it rests on a module that is missing": (
        "an optional flag by find_spec within",
    ),
}
KNOWN = {name: reason for reason, names in _BY_REASON.items() for name in names}
"""Why, by the name of the case."""
