"""Where segments are published: a folder, or a URL that fsspec reaches.

A segment is seen whole or not at all: it is written under another name and renamed, or where a
service shows no object before it is whole, put at once.
"""

from __future__ import annotations

import contextlib
import os
import posixpath
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from windlass.artifacts.reaching import is_object_store, reach, telling
from windlass.provenance import secrets
from windlass.stacks.stack import is_local, is_url

SEGMENT = ".parquet"
_WHAT = "prediction log"


class Place:
    """The root of a prediction log.

    Args:
        address: A path, or a URL, secrets resolved.
        options: What the file system of a URL takes.

    Raises:
        StoreError: The file system's package is not installed, or its options are wrong.
    """

    def __init__(self, address: str, options: Mapping[str, Any] | None = None) -> None:
        url = address if is_url(address) else Path(address).absolute().as_uri()
        self.shown = secrets.masked(address)
        self._options = {} if options is None or is_local(address) else options
        self._system, self._root = reach(url, self.shown, self._options, _WHAT)
        self._is_store = is_object_store(self._system)

    def publish(self, file: Path, name: str) -> None:
        """Makes a file's bytes visible under a name, whole; again is the same.

        Raises:
            StoreError: They cannot be written there.
        """
        key = self._key(name)
        with self._telling("written"):
            if self._is_store:
                self._system.put_file(str(file), key)
                return
            folder, _, last = key.rpartition("/")
            self._system.makedirs(folder, exist_ok=True)
            partial = f"{folder}/.{last}.{os.urandom(4).hex()}"
            try:
                self._system.put_file(str(file), partial)
                self._system.mv(partial, key)
            except BaseException:
                with contextlib.suppress(Exception):
                    self._system.rm_file(partial)
                raise

    def folders(self, name: str) -> list[str]:
        """The names of folders in a folder, in order; none if it is not there."""
        return [each for each, kind, _ in self._listed(name) if kind == "directory"]

    def segments(self, name: str) -> list[str]:
        """The names of segments in a folder, in order; none if it is not there."""
        return list(self.sizes(name))

    def sizes(self, name: str) -> dict[str, int]:
        """The segments in a folder, in order, with their bytes."""
        listed = self._listed(name)
        return {each: size for each, kind, size in listed if kind == "file" and _is_segment(each)}

    def remove(self, name: str) -> None:
        """Removes a segment, or a whole folder, that somebody else may remove just now.

        Raises:
            StoreError: It cannot be.
        """
        with self._telling("deleted from"), contextlib.suppress(FileNotFoundError):
            self._system.rm(self._key(name), recursive=True)

    def read(self, name: str, columns: list[str] | None = None, requests: Any = None) -> Any:
        """A segment as a table of Arrow, of the columns that it has.

        None if it is gone by now, or has none of the rows that are wanted.

        Args:
            name: The segment's.
            columns: Those that are wanted; None for all.
            requests: An array of the requests whose rows are wanted; None for all.

        Raises:
            StoreError: It cannot be read.
        """
        import pyarrow.compute as pc
        import pyarrow.parquet as pq

        with self._telling("read"):
            try:
                with self._system.open(self._key(name), "rb") as file:
                    there = pq.ParquetFile(file)
                    if columns is not None:
                        columns = [each for each in columns if each in there.schema_arrow.names]
                    if requests is None:
                        return there.read(columns)
                    # Most segments have none of them: one column tells.
                    wanted = pc.is_in(there.read(["_request"])["_request"], value_set=requests)
                    if not pc.any(wanted).as_py():
                        return None
                    return there.read(columns).filter(wanted)
            except FileNotFoundError:
                return None

    def columns(self, name: str) -> list[str]:
        """The names of a segment's columns; none if it is gone by now."""
        import pyarrow.parquet as pq

        with self._telling("read"):
            try:
                with self._system.open(self._key(name), "rb") as file:
                    return list(pq.read_schema(file).names)
            except FileNotFoundError:
                return []

    def _listed(self, name: str) -> list[tuple[str, str, int]]:
        with self._telling("read"):
            self._system.invalidate_cache()
            try:
                found = self._system.ls(self._key(name), detail=True)
            except FileNotFoundError:
                return []
        parts = (
            (posixpath.basename(each["name"].rstrip("/")), each["type"], int(each.get("size") or 0))
            for each in found
        )
        return sorted(part for part in parts if part[0])

    def _telling(self, verb: str) -> contextlib.AbstractContextManager[None]:
        return telling(self.shown, verb, self._options, _WHAT)

    def _key(self, name: str) -> str:
        return f"{self._root}/{name}"


def _is_segment(name: str) -> bool:
    return name.endswith(SEGMENT) and not name.startswith(".")
