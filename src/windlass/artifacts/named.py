"""Small named objects in an artifact store, beside its blobs: each is created once, by one writer.

By them workers that cannot reach the record tell what came of a node. Of several that create the
same name at once, one succeeds and the others are told so: on a disk by a hard link, in a bucket
by a condition of its service (for S3, ``If-None-Match: *``).
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote, unquote

from windlass.artifacts.reaching import is_no_bucket, is_object_store, telling

_FOLDER = "named"


class NamedObjects(Protocol):
    """A tree of named objects. The parts of a name, parted by slashes, may hold any character."""

    def create(self, name: str, data: bytes) -> bool:
        """Makes an object visible, whole; False, and nothing is changed, if there is another one.

        One that holds the same is taken for this one: a request may be sent again whose answer
        was lost.

        Raises:
            StoreError: It cannot be written.
        """
        ...

    def read(self, name: str) -> bytes | None:
        """What an object holds; None if there is none.

        Raises:
            StoreError: It cannot be read.
        """
        ...

    def names(self, folder: str) -> list[str]:
        """The names of all objects below a folder, in order.

        Raises:
            StoreError: They cannot be listed.
        """
        ...

    def remove(self, folder: str) -> None:
        """Removes all objects below a folder.

        Raises:
            StoreError: It cannot be written.
        """
        ...


class LocalObjects:
    """Named objects as files.

    Args:
        root: The store's folder.
    """

    def __init__(self, root: Path) -> None:
        self._root = root / _FOLDER
        self._partial = root / "tmp"

    def create(self, name: str, data: bytes) -> bool:
        """As `NamedObjects.create`."""
        path = self._root / _quoted(name)
        partial = self._partial / f"{os.getpid()}-{os.urandom(8).hex()}"
        with self._telling("written"):
            for folder in (path.parent, self._partial):
                folder.mkdir(parents=True, exist_ok=True)
            try:
                partial.write_bytes(data)
                path.hardlink_to(partial)
            except FileExistsError:
                return path.read_bytes() == data
            finally:
                partial.unlink(missing_ok=True)
        return True

    def read(self, name: str) -> bytes | None:
        """As `NamedObjects.read`."""
        with self._telling("read"):
            try:
                return (self._root / _quoted(name)).read_bytes()
            except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
                return None

    def names(self, folder: str) -> list[str]:
        """As `NamedObjects.names`."""
        with self._telling("read"):
            found = (self._root / _quoted(folder)).rglob("*")
            return sorted(
                unquote(path.relative_to(self._root).as_posix()) for path in found if path.is_file()
            )

    def remove(self, folder: str) -> None:
        """As `NamedObjects.remove`."""
        import shutil

        with self._telling("written"), contextlib.suppress(FileNotFoundError):
            shutil.rmtree(self._root / _quoted(folder))

    def _telling(self, verb: str) -> contextlib.AbstractContextManager[None]:
        return telling(str(self._root), verb)


class RemoteObjects:
    """Named objects behind a URL of fsspec.

    Args:
        system: The file system.
        root: The store's folder in it.
        shown: How a person calls that.
        options: What the file system was given.
    """

    def __init__(
        self, system: Any, root: str, shown: str, options: Mapping[str, Any] | None = None
    ) -> None:
        self._system = system
        self._root = f"{root}/{_FOLDER}"
        self._shown = shown
        self._options = options

    def create(self, name: str, data: bytes) -> bool:
        """As `NamedObjects.create`."""
        key = self._key(name)
        with self._telling("written"):
            if not is_object_store(self._system):  # it has no folders; a bucket would be made
                self._system.makedirs(key.rpartition("/")[0], exist_ok=True)
            try:
                self._system.pipe_file(key, data, mode="create")
            except Exception:
                if not self._system.exists(key):  # not every service says why it refuses
                    raise
                return bool(self._system.cat_file(key) == data)
        return True

    def read(self, name: str) -> bytes | None:
        """As `NamedObjects.read`."""
        with self._telling("read"):
            try:
                found: bytes = self._system.cat_file(self._key(name))
            except FileNotFoundError as error:
                if is_no_bucket(error):
                    raise
                return None
        return found

    def names(self, folder: str) -> list[str]:
        """As `NamedObjects.names`."""
        with self._telling("read"):
            self._system.invalidate_cache()  # of listings, which others add to
            found = self._system.find(self._key(folder))
        start = len(self._root.lstrip("/")) + 1
        return sorted(unquote(key.lstrip("/")[start:]) for key in found)

    def remove(self, folder: str) -> None:
        """As `NamedObjects.remove`."""
        with self._telling("deleted from"), contextlib.suppress(FileNotFoundError):
            self._system.invalidate_cache()
            self._system.rm(self._key(folder), recursive=True)

    def _key(self, name: str) -> str:
        return f"{self._root}/{_quoted(name)}"

    def _telling(self, verb: str) -> contextlib.AbstractContextManager[None]:
        return telling(self._shown, verb, self._options)


def _quoted(name: str) -> str:
    """A name as a path that leads nowhere else."""
    return "/".join(_NOWHERE.get(part, quote(part, safe="")) for part in name.split("/"))


_NOWHERE = {".": "%2E", "..": "%2E%2E"}
