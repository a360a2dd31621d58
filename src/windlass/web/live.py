"""What tells open pages that something changed, as server-sent events.

A page names what it shows, and is told when that is another than before; it then asks for itself
again and takes over the parts that differ. So a page that is not told is merely old, and one
without a script is as complete as any.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable

LOOK_SECONDS = 1.0
"""Between two looks at what a page shows."""
_QUIET_SECONDS = 15.0
"""After which a word is sent all the same, so that proxies keep the connection."""


async def changes(
    look: Callable[[], Awaitable[bytes]],
    is_gone: Callable[[], Awaitable[bool]],
    every: float = LOOK_SECONDS,
) -> AsyncIterator[bytes]:
    """An event each time that a look finds something else, until the reader is gone.

    Args:
        look: What the page is made from; it must not raise.
        is_gone: Whether the reader has left.
        every: Seconds between looks, or as long as ten looks take, so that a slow one costs a
            tenth of the time at most.
    """
    before: str | None = None
    spoke = time.monotonic()
    yield b"retry: 2000\n\n"
    while not await is_gone():
        began = time.monotonic()
        found = hashlib.blake2b(await look(), digest_size=8).hexdigest()
        took = time.monotonic() - began
        if found != before:
            yield f"event: state\ndata: {found}\n\n".encode()
            before, spoke = found, time.monotonic()
        elif time.monotonic() - spoke > _QUIET_SECONDS:
            yield b": still here\n\n"
            spoke = time.monotonic()
        await asyncio.sleep(max(every, 10 * took))
