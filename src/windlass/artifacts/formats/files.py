"""A `Path` that a step returns: the file or the folder itself, wherever it lay."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Protocol, runtime_checkable

from windlass import values
from windlass.artifacts.format import Format, Preview, Sink, Source
from windlass.artifacts.formats.layout import Entry, lay_out
from windlass.errors import FormatError
from windlass.values import Json

_SHOWN = 200


@runtime_checkable
class _Local(Protocol):
    """A source that has a folder of this machine for what is laid out from it."""

    def layouts(self) -> Path: ...


class PathFormat(Format[Path]):
    """Files as blobs, a folder as the list of its files, with run bits and links inside it."""

    name = "path"
    types = ("pathlib.PosixPath", "pathlib.WindowsPath", "pathlib.Path", "pathlib._local.PosixPath")

    def accepts(self, value: object) -> bool:
        """Whether it is a path of the usual class, since it is read as one."""
        return type(value) is type(Path())

    def write(self, value: Path, sink: Sink) -> None:
        """Stores the files; the name is kept, the folder it lay in is not."""
        if not value.exists():
            raise FormatError(
                f"the path {value} is to be stored, but there is nothing",
                hint="Write the file before you return its path; return str(path) if only its "
                "name is meant.",
            )
        entries = _folder_entries(value) if value.is_dir() else [Entry("", _kind(value))]
        document = {
            "kind": "folder" if value.is_dir() else "file",
            "name": value.name or value.resolve().name,
            "entries": [_stored(entry, value, sink) for entry in entries],
        }
        sink.write(values.dumps(document).encode())

    def read(self, source: Source) -> Path:
        """The path of a copy under its own name; its files are read-only."""
        document = values.loads(source.bytes())
        entries = [Entry(**entry) for entry in document["entries"]]
        folder = source.layouts() if isinstance(source, _Local) else None
        return lay_out(document["name"], document["kind"], entries, source.file, folder)

    def summary(self, value: Path) -> dict[str, Json]:
        """Its name, and how many files and bytes it holds."""
        sizes = [path.stat().st_size for path in _files(value)]
        return {"name": value.name, "files": len(sizes), "bytes": sum(sizes)}

    def preview(self, value: Path) -> Preview:
        """The names of its files, with their sizes."""
        files = sorted(_files(value))
        told = [
            f"{path.stat().st_size:>12,}  {path.relative_to(value.parent)}"
            for path in files[:_SHOWN]
        ]
        more = [f"… {len(files):,} files"] if len(files) > _SHOWN else []
        return Preview("text/plain", "\n".join(told + more))


def _files(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    return [found for found in path.rglob("*") if found.is_file() and not found.is_symlink()]


def _kind(path: Path) -> str:
    if path.is_symlink():
        return "link"
    if path.is_dir():
        return "folder"
    return "program" if path.is_file() and path.stat().st_mode & 0o100 else "file"


def _folder_entries(folder: Path) -> list[Entry]:
    """What is in a folder, in an order that depends on names alone."""
    found = [(path.relative_to(folder).as_posix(), path) for path in folder.rglob("*")]
    return [Entry(name, _kind(path)) for name, path in sorted(found)]


def _stored(entry: Entry, root: Path, sink: Sink) -> dict[str, Json]:
    path = root / entry.name
    told: dict[str, Json] = {"name": entry.name, "kind": entry.kind}
    if entry.kind == "link" and entry.name:
        return {**told, "target": _target(path, root)}
    if entry.kind == "folder":
        return told
    if not path.is_file():
        raise FormatError(f"{path} is neither a file nor a folder")
    kind = _kind(path.resolve())
    return {**told, "kind": kind, "blob": sink.add_file(path)}


def _target(path: Path, root: Path) -> str:
    """Where a link leads, as seen from where it is.

    Raises:
        FormatError: It leads out of the folder, where it would lead to nothing elsewhere.
    """
    target = os.path.relpath(path.parent / path.readlink(), path.parent)
    inside = os.path.normpath(path.parent / target)
    if not Path(inside).is_relative_to(os.path.normpath(root)):
        raise FormatError(
            f"the folder {root} holds a link that leads out of it: {path.relative_to(root)}",
            hint="Put a copy of the file in its place.",
        )
    return target
