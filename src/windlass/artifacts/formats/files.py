"""A `Path` that a step returns: the file or the folder itself, wherever it lay."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from pathlib import Path, PurePosixPath
from typing import Any

from windlass import values
from windlass.artifacts.format import Format, Preview, Sink, Source
from windlass.errors import FormatError
from windlass.hashing import digest
from windlass.values import Json


class PathFormat(Format[Path]):
    """Files as blobs, a folder as the list of its files, with run bits and links inside it."""

    name = "path"
    types = ("pathlib.PosixPath", "pathlib.WindowsPath", "pathlib.Path", "pathlib._local.PosixPath")

    def write(self, value: Path, sink: Sink) -> None:
        """Stores the files; the name is kept, the folder it lay in is not."""
        if not value.exists():
            raise FormatError(
                f"the step returned the path {value}, where there is nothing",
                hint="Write the file before you return its path.",
            )
        entries = _folder_entries(value, sink) if value.is_dir() else [_entry(value, "", sink)]
        kind = "folder" if value.is_dir() else "file"
        document: Json = {"kind": kind, "name": value.name, "entries": entries}
        sink.write(values.to_text(document).encode())

    def read(self, source: Source) -> Path:
        """A path to a copy of its own name, in a temporary folder; its files are read-only."""
        document = json.loads(source.bytes())
        name = _safe(document["name"]) or "files"
        target = Path(tempfile.gettempdir()) / f"windlass-{os.getuid()}"
        target = target / digest("path", values.to_text(document))[:32] / name
        if not target.exists():
            _restore(document, target, source)
        return target

    def summary(self, value: Path) -> dict[str, Json]:
        """Its name, and how many files and bytes it holds."""
        files = [value] if value.is_file() else [p for p in value.rglob("*") if p.is_file()]
        size = sum(path.stat().st_size for path in files)
        return {"name": value.name, "files": len(files), "bytes": size}

    def preview(self, value: Path) -> Preview:
        """The names of its files."""
        files = [value] if value.is_file() else sorted(p for p in value.rglob("*") if p.is_file())
        told = [f"{path.stat().st_size:>12,}  {path.relative_to(value.parent)}" for path in files]
        return Preview("text/plain", "\n".join(told[:200]))


def _folder_entries(folder: Path, sink: Sink) -> list[Json]:
    found = sorted(folder.rglob("*"), key=lambda path: path.relative_to(folder).as_posix())
    return [_entry(path, path.relative_to(folder).as_posix(), sink) for path in found]


def _entry(path: Path, name: str, sink: Sink) -> Json:
    if path.is_symlink() and name:
        return {"name": name, "link": os.readlink(path)}  # noqa: PTH115 (as written)
    if path.is_dir():
        return {"name": name, "folder": True}
    if not path.is_file():
        raise FormatError(f"{path} is neither a file nor a folder")
    runs = bool(path.stat().st_mode & 0o100)
    return {"name": name, "blob": sink.add_file(path), "runs": runs}


def _restore(document: Any, target: Path, source: Source) -> None:
    """Lays the files out beside the target, then gives them its name: nobody sees a part."""
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    making = Path(tempfile.mkdtemp(dir=target.parent))
    root = making / target.name
    if document["kind"] == "folder":
        root.mkdir()
    for entry in document["entries"]:
        _restore_entry(entry, root / _safe(entry["name"]) if entry["name"] else root, root, source)
    try:
        root.rename(target)
    except OSError:
        if not target.exists():  # else another process was first
            raise
    shutil.rmtree(making, ignore_errors=True)


def _restore_entry(entry: Any, path: Path, root: Path, source: Source) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if "link" in entry:
        inside = os.path.normpath(path.parent / entry["link"])
        if not Path(inside).is_relative_to(root):
            raise FormatError(f"a stored folder holds a link that leads out of it: {entry['name']}")
        path.symlink_to(entry["link"])
    elif entry.get("folder"):
        path.mkdir(exist_ok=True)
    else:
        shutil.copyfile(source.file(entry["blob"]), path)
        path.chmod(0o555 if entry["runs"] else 0o444)


def _safe(name: str) -> str:
    """A relative name that stays inside its folder."""
    parts = PurePosixPath(name).parts
    if name.startswith("/") or ".." in parts:
        raise FormatError(f"a stored folder holds a name that leads out of it: {name!r}")
    return name
