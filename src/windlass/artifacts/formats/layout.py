"""Files laid out from blobs, under their own names, and found in order or laid out again.

A layout is kept from one read to the next. It is a copy: a program that writes to its input in
spite of the file's mode spoils the copy, which the next read replaces, and never the store.
"""

from __future__ import annotations

import atexit
import functools
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from windlass.artifacts.stamps import settle, stamp_of
from windlass.errors import FormatError
from windlass.hashing import digest

_NOTE = "in-order.json"

Blob = Callable[[str], Path]
"""Gives the checked file of a blob."""


class Entry(NamedTuple):
    """One thing in a folder, or the file that is stored by itself.

    Args:
        name: Its path in the folder; empty for a file by itself.
        kind: file, program (a file that may be run), folder or link.
        blob: The digest of a file's bytes.
        target: Where a link leads.
    """

    name: str
    kind: str
    blob: str = ""
    target: str = ""


def lay_out(
    name: str, kind: str, entries: Sequence[Entry], blob: Blob, folder: Path | None
) -> Path:
    """The path of a file or folder that holds just what was stored.

    Args:
        name: The name of the file or folder.
        kind: Which of the two it is.
        entries: What is in it.
        blob: Gives the checked file of a blob.
        folder: Where layouts are kept; one of this process if None, or if it cannot be written.

    Raises:
        FormatError: A name or a link leads out of the folder.
        CorruptError: The bytes of a file are gone or altered.
    """
    names = {entry.name: _safe(entry) for entry in entries}
    _safe(Entry(name, "file"))
    key = digest("layout", name, kind, [list(entry) for entry in entries])[:32]
    place = _writable(folder) / key
    root = place / (name or "files")
    if not _is_in_order(place, root, set(names)):
        shutil.rmtree(place, ignore_errors=True)
        _make(place, root.name, kind, entries, blob)
    return root


def _safe(entry: Entry) -> Entry:
    parts = PurePosixPath(entry.name).parts
    inside = os.path.normpath(PurePosixPath(entry.name).parent / entry.target)
    leads_out = entry.kind == "link" and (inside.startswith(("..", "/")))
    if entry.name.startswith("/") or ".." in parts or leads_out:
        raise FormatError(f"a stored folder holds a name that leads out of it: {entry.name!r}")
    return entry


def _writable(folder: Path | None) -> Path:
    if folder is not None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError:
            return _own_folder()
        if os.access(folder, os.W_OK):
            return folder
    return _own_folder()


@functools.cache
def _own_folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="windlass-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _is_in_order(place: Path, root: Path, names: set[str]) -> bool:
    """Whether a layout is there and nothing in it was changed, added or taken away."""
    try:
        noted = json.loads((place / _NOTE).read_text("utf-8"))
        return bool(noted == _note(root)) and names <= {*noted, ""}
    except (OSError, ValueError):
        return False


def _note(root: Path) -> dict[str, list[int | str]]:
    """What tells whether anything under a path was changed."""
    return {
        os.path.relpath(path, root) if path != root else "": _facts(path) for path in _all(root)
    }


def _facts(path: Path) -> list[int | str]:
    if path.is_symlink():
        return [str(path.readlink())]
    return ["folder"] if path.is_dir() else [*stamp_of(path)]


def _all(root: Path) -> Iterator[Path]:
    yield root
    yield from sorted(root.rglob("*"))


def _make(place: Path, name: str, kind: str, entries: Sequence[Entry], blob: Blob) -> None:
    """Lays everything out beside its place, then gives it its name: nobody sees a part."""
    making = Path(tempfile.mkdtemp(dir=place.parent))
    try:
        root = making / name
        if kind == "folder":
            root.mkdir()
        for entry in entries:
            _lay(entry, root / entry.name if entry.name else root, blob)
        _wait(root)
        (making / _NOTE).write_text(json.dumps(_note(root)), "utf-8")
        making.rename(place)
    except OSError:
        if not _is_in_order(place, place / name, set()):  # else another process was first
            raise
    finally:
        shutil.rmtree(making, ignore_errors=True)


def _lay(entry: Entry, path: Path, blob: Blob) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if entry.kind == "link":
        path.symlink_to(entry.target)
    elif entry.kind == "folder":
        path.mkdir(exist_ok=True)
    else:
        shutil.copyfile(blob(entry.blob), path)
        path.chmod(0o555 if entry.kind == "program" else 0o444)


def _wait(root: Path) -> None:
    """Until any change from now on would show; see `windlass.artifacts.stamps`."""
    files = [path for path in _all(root) if path.is_file() and not path.is_symlink()]
    if files:
        settle(max((stamp_of(path) for path in files), key=lambda stamp: stamp.changed))
