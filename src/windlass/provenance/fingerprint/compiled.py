"""Modules of the project that have no source to be read: extensions, bytecode alone, archives."""

from __future__ import annotations

import os
from types import ModuleType

from windlass.hashing import digest_bytes

_known: dict[tuple[str, int, int], str] = {}


def compiled_file(module: ModuleType) -> tuple[str, str] | None:
    """The file that holds a module, and its digest; None where its source can be read."""
    file = getattr(module, "__file__", None)
    return file_without_source(file) if isinstance(file, str) else None


def file_without_source(file: str) -> tuple[str, str] | None:
    """The file that holds a module, such as an archive that it is in, and its digest."""
    place = os.path.abspath(file)  # noqa: PTH100 (called for every module)
    if place.endswith(".py") and os.path.isfile(place):  # noqa: PTH113
        return None
    while not os.path.isfile(place) and place != os.path.dirname(place):  # noqa: PTH113, PTH120
        place = os.path.dirname(place)  # noqa: PTH120
    try:
        return place, _digest(place)
    except OSError:
        return None


def _digest(place: str) -> str:
    with open(place, "rb") as opened:  # noqa: PTH123
        status = os.fstat(opened.fileno())
        stamp = (place, status.st_mtime_ns, status.st_size)
        if stamp not in _known:
            _known[stamp] = digest_bytes(opened.read())
    return _known[stamp]
