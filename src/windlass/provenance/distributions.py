"""The distributions that this interpreter can import, read from folder names.

``importlib.metadata`` would take 40 ms to import and parse every ``METADATA``; the names of the
``*.dist-info`` and ``*.egg-info`` folders hold the same facts.
"""

from __future__ import annotations

import functools
import os
import re
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

_RACY_NS = 2_000_000_000
"""A folder that was changed so shortly ago may change again within the grain of its clock."""


@dataclass(frozen=True, slots=True)
class Distribution:
    """An installed distribution.

    Args:
        name: As PEP 503 normalises it.
        version: As installed.
        info: The path of its ``dist-info`` or ``egg-info``.
    """

    name: str
    version: str
    info: str

    @property
    def is_egg(self) -> bool:
        """Whether setuptools installed it in its old way."""
        return self.info.endswith(".egg-info")


def installed(path: Sequence[str] | None = None, own: str | None = None) -> list[Distribution]:
    """The distributions on a path, sorted by name; of two of one name, the first on the path.

    Args:
        path: Folders, as in ``sys.path``, which is the default.
        own: The project's folder. What its source folders say of itself is no installation.
    """
    found: dict[str, Distribution] = {}
    for folder in _unique(sys.path if path is None else path):
        for distribution in _in_folder(folder):
            if own is None or not _is_own(distribution, own):
                found.setdefault(distribution.name, distribution)
    return sorted(found.values(), key=lambda distribution: distribution.name)


def normalised(name: str) -> str:
    """The name of a distribution in its one form (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _unique(path: Iterable[str]) -> Iterator[str]:
    return iter(dict.fromkeys(os.path.realpath(folder or ".") for folder in path))


def _in_folder(folder: str) -> list[Distribution]:
    """Those of a folder; dist-info first, so that two of one name count alike anywhere."""
    try:
        changed = os.stat(folder).st_mtime_ns  # noqa: PTH116
    except OSError:
        return []
    is_settled = changed < time.time_ns() - _RACY_NS
    found, eggs = (_listed if is_settled else _listed.__wrapped__)(folder, changed)
    return [*found, *_parsed(folder, eggs)]  # what says an egg's version changes without its folder


@functools.lru_cache(maxsize=64)
def _listed(folder: str, _changed: int) -> tuple[list[Distribution], list[str]]:
    """The distributions of a folder, and the names of its eggs; read once until it changes."""
    try:
        names = sorted(os.listdir(folder))  # noqa: PTH208 - paths of 400 entries are not needed
    except OSError:
        return [], []
    found = _parsed(folder, [name for name in names if name.endswith(".dist-info")])
    return found, [name for name in names if name.endswith(".egg-info")]


def _parsed(folder: str, names: Sequence[str]) -> list[Distribution]:
    return [each for name in names if (each := _parse(folder, name)) is not None]


def _parse(folder: str, entry: str) -> Distribution | None:
    stem, _, kind = entry.rpartition(".")
    info = os.path.join(folder, entry)  # noqa: PTH118 - see above
    if stem.startswith("~"):  # what pip leaves behind when it is cut short
        return None
    if kind == "egg-info":
        stem = re.sub(r"-py\d+(\.\d+)*$", "", stem)
    name, dash, version = stem.rpartition("-") if kind == "dist-info" else stem.partition("-")
    if not dash:  # setup.py develop writes no version into the name
        name, version = stem, _egg_version(info)
    return Distribution(normalised(name), version, info) if version else None


def _egg_version(info: str) -> str:
    text = read_text(os.path.join(info, "PKG-INFO")) or ""  # noqa: PTH118
    match = re.search(r"^Version: *(\S+)", text, re.MULTILINE)
    return match[1] if match else ""


def _is_own(distribution: Distribution, own: str) -> bool:
    """Whether it is told of by a build folder of the project and not by an installation."""
    folder = os.path.dirname(distribution.info)  # noqa: PTH120
    inside = f"{folder}/".startswith(f"{own.rstrip('/')}/")
    return inside and distribution.is_egg and not is_site(folder)


def is_site(folder: str) -> bool:
    """Whether distributions are installed into a folder: ``site-packages`` or Debian's own."""
    return folder.endswith("-packages")


def read_text(file: str) -> str | None:
    """The text of a file; None if it cannot be read."""
    try:
        with open(file, encoding="utf-8", errors="replace") as opened:  # noqa: PTH123 - quicker
            return opened.read()
    except OSError:
        return None
