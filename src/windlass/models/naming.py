"""How versions are called: ``delay``, ``delay@3``, ``delay@champion``, ``delay@newest``."""

from __future__ import annotations

import re
from difflib import get_close_matches

from windlass.errors import ConfigError, NotFoundError
from windlass.records import Records
from windlass.records.models import VersionRow

CHAMPION = "champion"
"""The alias that production follows; it moves by promotion and rollback alone."""
NEWEST = "newest"
"""The version with the highest number; no alias, since it moves by itself."""

_DIGITS = 9
"""Of a number that a database can hold."""
_ALIAS = re.compile(r"[a-z][a-z0-9_-]{0,63}")


def find_version(records: Records, named: str) -> VersionRow:
    """The version that is meant; without ``@``, the newest.

    Raises:
        ConfigError: Nothing stands behind the ``@``, as where a script's variable is empty.
        NotFoundError: There is no such model, version or alias.
    """
    model, at, which = named.partition("@")
    if at and not which:
        raise ConfigError(
            f"'{named}' names no version", hint=f"The newest is {named}{NEWEST}, or just {model}."
        )
    number = _number(records, model, which or NEWEST)
    return records.version(model, number)


def check_alias(alias: str) -> str:
    """An alias that may be given.

    Raises:
        ConfigError: It may not.
    """
    if _ALIAS.fullmatch(alias) is None or alias == NEWEST:
        raise ConfigError(
            f"{alias!r} cannot be an alias",
            hint=f"Lower case letters, digits, '_' and '-', a letter first; and not '{NEWEST}', "
            "which always is the version with the highest number.",
        )
    return alias


def known_model(records: Records, model: str) -> int:
    """The number of a model's newest version.

    Raises:
        NotFoundError: There is no such model.
    """
    found = {row.name: row.newest for row in records.models()}
    if model in found:
        return found[model]
    if not found:
        raise NotFoundError(
            f"there is no model '{model}', nor any other",
            hint="A run makes a version of what a step returns as Annotated[…, Model(NAME)].",
        )
    near = get_close_matches(model, found, 1) or sorted(found)[:9]
    raise NotFoundError(f"there is no model '{model}'", hint=f"There is {', '.join(near)}.")


def _number(records: Records, model: str, which: str) -> int:
    newest = known_model(records, model)
    if which == NEWEST:
        return newest
    if which.isdecimal() and len(which) <= _DIGITS:
        return int(which)
    aliases = records.aliases(model)
    if which in aliases:
        return aliases[which]
    told = ", ".join(f"{alias} ({number})" for alias, number in sorted(aliases.items()))
    raise NotFoundError(
        f"the model '{model}' has no {which}",
        hint=f"Its versions are 1 to {newest}; its aliases: {told or 'none yet'}.",
    )
