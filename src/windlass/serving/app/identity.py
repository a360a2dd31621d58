"""The id of a request, by which feedback and logs find it."""

from __future__ import annotations

import os

from windlass.errors import ProtocolError

_LONGEST = 128
_PRINTABLE = bytes(range(0x20, 0x7F))


def drawn_id() -> str:
    """An id that no other request has."""
    return os.urandom(12).hex()


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
