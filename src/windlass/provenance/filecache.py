"""Digests of files, kept so that an unchanged file is not read again.

A file is unchanged when its size, times and inode are. A file that was changed within the last
two seconds before it was read is not kept: it may change again within the grain of its file
system's clock (git calls this "racily clean").
"""

from __future__ import annotations

import contextlib
import json
import os
import time
from pathlib import Path
from typing import TypeAlias

from windlass.hashing import digest_bytes

_VERSION = 1
_RACY_NS = 2_000_000_000
_Entry: TypeAlias = list[int | str]

_read_here: dict[str, _Entry] = {}
"""What this process has read: another project's first run asks for the same libraries' files."""


class FileDigests:
    """The digests of files by their full paths, with a file that remembers them.

    Args:
        file: Where they are kept; None to keep nothing. One that is damaged counts as empty.
    """

    def __init__(self, file: Path | None) -> None:
        self._file = file
        self._known = _read(file) if file is not None else {}
        self._used: dict[str, _Entry] = {}

    def digest(self, path: str, status: os.stat_result) -> str:
        """The digest of a regular file's bytes, given its ``stat``.

        Raises:
            OSError: It cannot be read.
        """
        stamp: _Entry = [status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino]
        for entry in (self._known.get(path), _read_here.get(path)):
            if entry is not None and entry[:-1] == stamp:
                self._used[path] = entry
                return str(entry[-1])
        now = time.time_ns()
        with open(path, "rb") as file:  # noqa: PTH123 - a third of the time of Path.read_bytes
            content = digest_bytes(file.read())
        if max(status.st_mtime_ns, status.st_ctime_ns) < now - _RACY_NS:
            self._used[path] = _read_here[path] = [*stamp, content]
        return content

    def save(self) -> None:
        """Keeps the digests that were asked for, and only these, if any is new or gone."""
        if self._file is None or self._used == self._known:
            return
        text = json.dumps({"version": _VERSION, "files": self._used}, separators=(",", ":"))
        partial = self._file.with_name(f"{self._file.name}.{os.getpid()}.partial")
        with contextlib.suppress(OSError):  # a cache that cannot be kept is only slower
            self._file.parent.mkdir(parents=True, exist_ok=True)
            partial.write_text(text)
            partial.replace(self._file)


def _read(file: Path) -> dict[str, _Entry]:
    try:
        document = json.loads(file.read_text())
        files = document["files"] if document["version"] == _VERSION else {}
        return {path: entry for path, entry in files.items() if _is_entry(entry)}
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return {}


def _is_entry(entry: object) -> bool:
    return isinstance(entry, list) and len(entry) == 5 and isinstance(entry[-1], str)
