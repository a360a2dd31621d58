"""Python code that can be imported and is neither in the bundle nor in an installed distribution.

A module that git ignores, such as a generated one, or a folder on ``PYTHONPATH``: a step may use
it, so an earlier result may stand for a step only if it has not changed.
"""

from __future__ import annotations

import contextlib
import os
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

from windlass.hashing import Part, digest
from windlass.provenance.bundle import Bundle
from windlass.provenance.filecache import FileDigests

_MOST_FILES = 20_000
_NO_CODE = {"__pycache__", "node_modules", "site-packages", "dist-packages"}


def loose_code(root: Path, bundle: Bundle, cache: Path | None = None) -> str | None:
    """The digest of the loose code on ``sys.path``; None if there is none.

    Args:
        root: The project's root.
        bundle: What is covered already.
        cache: The folder of what can be worked out again; unchanged files are then not re-read.
    """
    covered = {f"{root}/{file.path}" for file in bundle.files}
    digests = FileDigests(cache / "loose.json" if cache is not None else None)
    found: dict[str, Part] = {}
    for place, folder in enumerate(_loose_folders()):
        for path in _python_files(folder):
            if path not in covered:
                told = f"{place}/{path.removeprefix(folder).lstrip('/')}"
                with contextlib.suppress(OSError):  # gone meanwhile
                    found[told] = digests.digest(path, os.stat(path))  # noqa: PTH116
            if len(found) > _MOST_FILES:  # too many to follow: never the same as before
                return digest("loose", os.urandom(16))
    digests.save()
    return digest("loose", found) if found else None


def _loose_folders() -> list[str]:
    """The folders on ``sys.path`` that are neither the standard library nor site-packages."""
    installed = {os.path.realpath(path) for path in sysconfig.get_paths().values()}
    folders = dict.fromkeys(os.path.realpath(path or ".") for path in sys.path)
    return [
        folder
        for folder in folders
        if os.path.isdir(folder)  # noqa: PTH112 (a third of the time of Path)
        and folder not in installed
        and not folder.startswith(tuple(f"{path}/" for path in installed))
        and not _holds_distributions(folder)
    ]


def _holds_distributions(folder: str) -> bool:
    """Whether packages are installed here, or Windlass itself is developed here."""
    with os.scandir(folder) as entries:
        return any(entry.name.endswith((".dist-info", ".egg-info")) for entry in entries) or (
            folder == os.path.realpath(Path(__file__).parents[2]) and "windlass" in sys.modules
        )


def _python_files(folder: str) -> Iterator[str]:
    for here, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if _may_hold_code(here, name))
        yield from (f"{here}/{name}" for name in sorted(files) if name.endswith(".py"))


def _may_hold_code(here: str, name: str) -> bool:
    if name.startswith(".") or name in _NO_CODE:
        return False
    return not os.path.exists(f"{here}/{name}/pyvenv.cfg")  # noqa: PTH110
