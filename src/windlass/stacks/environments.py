"""``[environment]`` and ``[environments.NAME]`` in ``windlass.toml``."""

from __future__ import annotations

import re

from windlass.provenance.wanted import Wanted
from windlass.stacks.toml import Document, Key

_WAYS = ("requirements", "extras", "file")
_ALLOWED = ("python", "system", "extras")
_ALLOWED_NAMED = ("python", "system", *_WAYS)


def environment_of(document: Document) -> Wanted:
    """What is said of the environment of the whole project.

    Raises:
        ConfigError: It is wrong; the message names the line.
    """
    table = ("environment",)
    document.allow(table, _ALLOWED)
    return _wanted(document, table, "")


def environments_of(document: Document) -> dict[str, Wanted]:
    """The environments that single steps may ask for, by their names.

    Raises:
        ConfigError: One is wrong; the message names the line.
    """
    names = document.table(("environments",))
    return {name: _named(document, ("environments", name)) for name in names}


def _named(document: Document, table: Key) -> Wanted:
    document.allow(table, _ALLOWED_NAMED)
    wanted = _wanted(document, table, table[-1])
    given = [way for way in _WAYS if getattr(wanted, way)]
    if len(given) != 1:
        said = " and ".join(given) if given else "nothing"
        raise document.error(
            table,
            f"the environment '{wanted.name}' says {said} of what is in it",
            'Give one of: requirements = ["torch"], extras = ["gpu"], file = "gpu.txt".',
        )
    return wanted


def _wanted(document: Document, table: Key, name: str) -> Wanted:
    python = document.get(table, "python", str, "") or None
    if python is not None and not re.fullmatch(r"3\.\d+", python):
        key = (*table, "python")
        raise document.error(key, f"'{'.'.join(key)}' must be Python's minor version, as \"3.12\"")
    return Wanted(
        name=name,
        python=python,
        system=document.texts(table, "system"),
        requirements=document.texts(table, "requirements"),
        extras=document.texts(table, "extras"),
        file=document.get(table, "file", str, "") or None,
    )
