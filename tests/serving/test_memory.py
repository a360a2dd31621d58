"""What a server frees goes back to the system."""

from __future__ import annotations

import gc
import platform
import weakref
from collections.abc import Iterator

import psutil
import pytest

from windlass.serving import memory


@pytest.fixture
def kept() -> Iterator[None]:
    """Lets a test do as a server does in its own process."""
    usual = gc.get_threshold()
    yield
    gc.set_threshold(*usual)
    memory._kept.clear()
    gc.unfreeze()


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


class _Ring:
    """Holds itself: no count of references frees it."""

    def __init__(self) -> None:
        self.itself = self


def test_what_stays_is_looked_at_no_more_until_a_model_was_freed(kept: None) -> None:
    ring = _Ring()
    seen = weakref.ref(ring)
    memory.keep()
    del ring
    gc.collect()
    assert seen() is not None
    memory.give_back()
    assert seen() is None
    assert gc.get_freeze_count() > 1_000


def test_what_waits_to_be_noted_is_not_looked_through_again_and_again(kept: None) -> None:
    memory.keep()
    seen: list[str] = []
    gc.callbacks.append(lambda phase, _: seen.append(phase))
    try:
        waiting = [(place, [place]) for place in range(2_000)]
    finally:
        gc.callbacks.pop()
    assert len(waiting) == 2_000
    assert seen == []


def test_a_process_that_is_not_ours_keeps_its_own_settings() -> None:
    usual = gc.get_threshold()
    memory.give_back()
    assert gc.get_freeze_count() == 0
    assert gc.get_threshold() == usual
