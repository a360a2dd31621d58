"""What differs in the code of two runs: file by file, from the archives of their bundles."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from windlass.errors import CorruptError, NotFoundError, StoreError
from windlass.provenance.archive import read_files
from windlass.provenance.bundle import EXECUTABLE, LINK, Bundle, BundleFile, read_bundle

if TYPE_CHECKING:
    from windlass.execution.job import Stores
    from windlass.records.model import Run

_Files = Mapping[str, BundleFile]
_LARGEST = 2**20
"""Bytes of a file of which a diff by lines is made."""


def compare_code(stores: Stores, before: Run, after: Run) -> list[dict[str, Any]]:
    """The files that differ; each with a unified diff, where both are text that was kept."""
    if before.bundle == after.bundle:
        return []
    then, now = (_bundle(stores, run) for run in (before, after))
    if then is None or now is None:
        unknown = before.name if then is None else after.name
        return [_entry(".", "changed", note=f"the files of {unknown} are not recorded")]
    old, new = ({file.path: file for file in bundle.files} for bundle in (then, now))
    renamed = dict(_renamed(old, new))
    changed = [path for path in sorted({*old, *new}) if old.get(path) != new.get(path)]
    olds = _texts(stores, then, (old[path] for path in {*changed, *renamed.values()} & old.keys()))
    news = _texts(stores, now, (new[path] for path in changed if path in new))
    gone = set(renamed.values())
    return [
        _compared(path, renamed.get(path, path), (old, new), (olds, news))
        for path in changed
        if path not in gone or path in new
    ]


def _bundle(stores: Stores, run: Run) -> Bundle | None:
    try:
        return read_bundle(json.loads(stores.records.bundle(run.bundle)))
    except NotFoundError:
        return None


def _renamed(old: _Files, new: _Files) -> Iterator[tuple[str, str]]:
    """The new paths of files that were moved as they are, with the old ones; no empty files."""
    gone = {file.content: path for path, file in old.items() if path not in new and file.size}
    for path, file in new.items():
        if path not in old and file.content in gone:
            yield path, gone.pop(file.content)


def _texts(stores: Stores, bundle: Bundle, files: Iterable[BundleFile]) -> dict[str, bytes]:
    """The contents of files, as far as they were kept."""
    wanted = [file for file in files if file.size <= _LARGEST]
    blob = stores.records.archive(bundle.digest)
    if blob is None or not wanted:
        return {}
    try:
        return read_files(stores.artifacts.path(blob), wanted)
    except (CorruptError, StoreError):  # what differs is told all the same
        return {}


def _compared(
    path: str,
    earlier: str,
    files: tuple[_Files, _Files],
    texts: tuple[Mapping[str, bytes], Mapping[str, bytes]],
) -> dict[str, Any]:
    old, new = files[0].get(earlier), files[1].get(path)
    if old is not None and new is not None and old.content == new.content:
        change = "renamed" if path != earlier else "mode"
        was = earlier if path != earlier else None
        return _entry(path, change, was=was, note=_mode_note(old, new))
    change = "added" if old is None else "removed" if new is None else "changed"
    sides = (texts[0].get(earlier), texts[1].get(path))
    note = _mode_note(old, new) if old and new else ""
    kept = [side is not None or file is None for side, file in zip(sides, (old, new), strict=True)]
    if not all(kept):
        why = "too large for a diff" if _is_large(old, new) else "its text was not kept"
        return _entry(path, change, note=_joined(note, why, _sizes(old, new)))
    lines = [_lines(side) for side in sides]
    if lines[0] is None or lines[1] is None:
        return _entry(path, change, note=_joined(note, "binary", _sizes(old, new)))
    return _entry(path, change, diff=_unified(path, lines[0], lines[1], change), note=note)


def _entry(
    path: str, change: str, *, was: str | None = None, note: str = "", diff: Iterable[str] = ()
) -> dict[str, Any]:
    lines = list(diff)
    body = [line for line in lines if not line.startswith(("+++ ", "--- "))]
    return {
        "path": path,
        "change": change,
        "was": was,
        "note": note,
        "added": sum(line.startswith("+") for line in body),
        "removed": sum(line.startswith("-") for line in body),
        "diff": lines,
    }


def _lines(data: bytes | None) -> list[str] | None:
    """The lines of a text; None if it is none."""
    if data is None:
        return []
    if b"\0" in data:
        return None
    try:
        return data.decode().splitlines()
    except UnicodeDecodeError:
        return None


def _unified(path: str, old: list[str], new: list[str], change: str) -> Iterator[str]:
    names = (
        "/dev/null" if change == "added" else f"a/{path}",
        "/dev/null" if change == "removed" else f"b/{path}",
    )
    return difflib.unified_diff(old, new, *names, lineterm="")


def _mode_note(old: BundleFile, new: BundleFile) -> str:
    if old.mode == new.mode:
        return ""
    if LINK in (old.mode, new.mode):
        return "is a link now" if new.mode == LINK else "is a file now, and was a link"
    return "can be run now" if new.mode == EXECUTABLE else "can be run no more"


def _is_large(*files: BundleFile | None) -> bool:
    return any(file is not None and file.size > _LARGEST for file in files)


def _sizes(old: BundleFile | None, new: BundleFile | None) -> str:
    return " → ".join(f"{file.size:,} bytes" for file in (old, new) if file is not None)


def _joined(*notes: str) -> str:
    return ", ".join(filter(None, notes))
