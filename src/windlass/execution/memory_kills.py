"""Whether the kernel killed something because memory ran out: it counts that, and tells nobody."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

_ROOT = Path("/sys/fs/cgroup")
_OWN = Path("/proc/self/cgroup")


def killed_for_memory() -> int:
    """How many processes of this container, or of this service, were killed for memory."""
    for path in _counts():
        with contextlib.suppress(OSError, ValueError):
            lines = (line.split() for line in path.read_text().splitlines())
            return next((int(line[1]) for line in lines if line[0] == "oom_kill"), 0)
    return 0


def _counts() -> Iterator[Path]:
    """Where the kernel counts, by cgroups v2, by v1: for our own group, for that of a container."""
    with contextlib.suppress(OSError):
        for line in _OWN.read_text().splitlines():
            _, controllers, place = line.split(":", 2)
            if not controllers:
                yield _ROOT / place.lstrip("/") / "memory.events"
            elif "memory" in controllers.split(","):
                yield _ROOT / "memory" / place.lstrip("/") / "memory.oom_control"
    yield _ROOT / "memory.events"
    yield _ROOT / "memory" / "memory.oom_control"
