"""Lists of parts in one cell: ``a=1; "b; c"=2``, in which quotes keep what separates."""

from __future__ import annotations

import re

_PART = re.compile(r'(?:"(?:[^"]|"")*"|[^";\n])+|"')
_QUOTED = re.compile(r'"((?:[^"]|"")*)"')
SPECIAL = frozenset('";\n=<>!')
"""What a name or a value is quoted for."""


def split(text: str) -> list[str]:
    """The parts between semicolons or line ends that no quotes keep; empty ones are left out."""
    return [part.strip() for part in _PART.findall(text) if part.strip()]


def quoted(text: str, start: str = "") -> str:
    """A text in quotes if it needs them.

    Args:
        text: It.
        start: Characters that it must not begin with unquoted.
    """
    plain = text and text == text.strip() and text[0] not in start and not SPECIAL & set(text)
    return text if plain else '"' + text.replace('"', '""') + '"'


def unquoted(text: str) -> str:
    """What stands in quotes; a text without them as it is."""
    found = _QUOTED.fullmatch(text)
    return text if found is None else found[1].replace('""', '"')


def head_and_rest(part: str) -> tuple[str, str]:
    """A name, which may be quoted, and what follows it."""
    found = re.match(r'\s*("(?:[^"]|"")*"|[^"=<>!]*)\s*(.*)', part, re.DOTALL)
    assert found is not None
    return unquoted(found[1].strip()), found[2].strip()
