"""Digests of plain Python data, many times as fast as `windlass.hashing` where there is much."""

from __future__ import annotations

import marshal
from typing import Any

from windlass.hashing import digest_bytes


def pack(parts: Any) -> bytes:
    """Scalars, tuples, lists and dicts as bytes, tagged by type and with their lengths.

    Version 2 of the form has no references, which depend on what else the process holds.
    """
    return marshal.dumps(parts, 2)


def digest_packed(tag: str, *parts: Any) -> str:
    """The digest of plain data under a tag."""
    return digest_bytes(pack((tag, parts)))
