"""What tells open pages that something changed, as server-sent events.

A page names what it shows, and is told when that is another than before; it then asks for itself
again and takes over the parts that differ. So a page that is not told is merely old, and one
without a script is as complete as any.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any

LOOK_SECONDS = 1.0
"""Between two looks at what a page shows."""
FOLLOW_SECONDS = 0.4
"""Between two looks at what is being written."""
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


async def following(
    look: Callable[[], Awaitable[tuple[list[Mapping[str, Any]], bool]]],
    is_gone: Callable[[], Awaitable[bool]],
    every: float = FOLLOW_SECONDS,
) -> AsyncIterator[bytes]:
    """Events of what is new, until nothing more will come or the reader is gone.

    A browser that lost the connection asks again, and is then told ``begin``: it forgets what it
    has, since the end of it is told anew. After ``end`` it does not.

    Args:
        look: What is new, and whether that was all.
        is_gone: Whether the reader has left.
        every: Seconds between looks.
    """
    yield b"retry: 2000\nevent: begin\ndata: -\n\n"
    spoke = time.monotonic()
    while not await is_gone():
        new, over = await look()
        for each in new:
            yield f"event: new\ndata: {json.dumps(each, ensure_ascii=True)}\n\n".encode()
        if over:
            yield b"event: end\ndata: -\n\n"
            return
        if new:
            spoke = time.monotonic()
        elif time.monotonic() - spoke > _QUIET_SECONDS:
            yield b": still here\n\n"
            spoke = time.monotonic()
        await asyncio.sleep(every)
