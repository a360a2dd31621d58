"""The id of a request, by which feedback and logs find it."""

from __future__ import annotations

import os
from collections.abc import Iterator

from windlass.errors import ProtocolError

_LONGEST = 128
_PRINTABLE = bytes(range(0x20, 0x7F))


_BYTES = 12
_AT_ONCE = 256
"""Ids that are drawn together: to ask the kernel lets other threads have the interpreter."""
_drawn: Iterator[str] = iter(())


def drawn_id() -> str:
    """An id that no other request has."""
    global _drawn  # noqa: PLW0603 - a store of one process
    found = next(_drawn, None)
    if found is None:
        letters = os.urandom(_BYTES * _AT_ONCE).hex()
        _drawn = iter([letters[at : at + 2 * _BYTES] for at in range(0, len(letters), 2 * _BYTES)])
        found = next(_drawn)
    return found


def _forget() -> None:
    """A child draws its own: it would give the same ids as its parent."""
    global _drawn  # noqa: PLW0603
    _drawn = iter(())


if hasattr(os, "register_at_fork"):  # not on Windows, where nothing forks
    os.register_at_fork(after_in_child=_forget)


def check_id(given: str | bytes) -> str:
    """An id that a client gave.

    Raises:
        ProtocolError: It is empty, too long, or has letters that a header can't hold.
    """
    text = given if isinstance(given, bytes) else given.encode()
    if not 0 < len(text) <= _LONGEST or text.translate(None, _PRINTABLE) or text != text.strip():
        raise ProtocolError(
            f"the request's id is not of 1 to {_LONGEST} printable letters of ASCII",
            hint="Leave it out, and one is drawn.",
        )
    return text.decode()
