"""Names for runs that sort by time: UUID version 7 (RFC 9562, section 5.7)."""

from __future__ import annotations

import os
import time
import uuid


def uuid7() -> str:
    """A new one: 48 bits of milliseconds since 1970, then version, variant and 74 random bits."""
    milliseconds = time.time_ns() // 1_000_000
    number = (milliseconds << 80) | int.from_bytes(os.urandom(10))
    number &= ~(0xF << 76) & ~(0x3 << 62)
    return str(uuid.UUID(int=number | (0x7 << 76) | (0x2 << 62)))
