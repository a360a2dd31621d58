"""What a server frees goes back to the system."""

from __future__ import annotations

import platform

import psutil
import pytest

from windlass.serving import memory


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library keeps to itself")
def test_what_was_freed_below_what_is_held_is_given_back() -> None:
    process = psutil.Process()
    many = [bytearray(b"x" * 100_000) for _ in range(1_000)]
    held = bytearray(b"x" * 100_000)  # beyond them: by itself the library gives back nothing below
    full = process.memory_info().rss
    many.clear()
    memory.give_back()
    assert process.memory_info().rss < full - 80_000_000
    assert len(held) == 100_000
