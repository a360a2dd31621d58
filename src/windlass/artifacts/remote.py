"""The artifact store in a bucket, or wherever else fsspec reaches, with copies on this disk."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from windlass.artifacts.copies import Copies, KeptHere
from windlass.artifacts.named import NamedObjects, RemoteObjects
from windlass.artifacts.reaching import is_no_bucket, is_object_store, reach, telling
from windlass.artifacts.store import ArtifactStore
from windlass.artifacts.streaming import STREAMS, download
from windlass.artifacts.sweeping import Stored, add_user, users_of
from windlass.errors import CorruptError, StoreError
from windlass.hashing import DIGEST_LENGTH, digest, digest_file

_SMALL = 1 << 20
"""Bytes below which an object is put as quickly as it is asked whether it is there."""

ANSWER_SECONDS = 15.0
"""That a service may take for its first answer, before a run begins."""

_PART = 8 << 20
"""Bytes of a large file that each stream has in memory on its way up."""


class RemoteStore(ArtifactStore):
    """Blobs behind a URL, with a local copy of each that was written or read.

    Args:
        url: Where they are.
        copies: The copies.
        shown: The URL without secrets.
        options: What its file system takes.
    """

    grace = 24 * 3600.0
    is_elsewhere = True

    def __init__(self, url: str, copies: Copies, shown: str, options: Mapping[str, Any]) -> None:
        super().__init__(copies.root)
        self.layouts = copies.layouts
        self._copies = copies
        self._shown = shown
        self._scheme = url.partition("://")[0]
        self._options = options
        self._system, self._root = reach(url, shown, options)
        self._puts_whole = is_object_store(self._system)
        self._is_s3 = self._puts_whole and hasattr(self._system, "call_s3")

    def refuse_silent(self) -> None:
        """Asks the service something, and refuses one that does not answer in time.

        Raises:
            StoreError: It takes the question and never answers; else each question would take long.
        """
        asked = threading.Thread(target=self._ask, daemon=True)
        asked.start()
        asked.join(ANSWER_SECONDS)
        if asked.is_alive():
            raise StoreError(
                f"the artifact store {self._shown} does not answer: nothing came back in "
                f"{ANSWER_SECONDS:g} seconds",
                hint="Is its server in order, and the address right? See: windlass stack check",
            )

    def _ask(self) -> None:
        with contextlib.suppress(Exception):  # what is wrong with it is told where it is used
            self._system.info(self._key("0" * DIGEST_LENGTH))

    @property
    def named(self) -> NamedObjects:
        """The small objects that are found by names."""
        return RemoteObjects(self._system, self._root, self._shown, self._options)

    def options_for(self, url: str) -> Mapping[str, Any]:
        """What the file system of another URL takes, where that is the same service as this."""
        return self._options if url.partition("://")[0] == self._scheme else {}

    def kept_here(self) -> KeptHere | None:
        """What this machine keeps of it."""
        return self._copies.kept()

    def has(self, blob: str) -> bool:
        """Whether the blob is there."""
        return self._facts(blob) is not None

    def trouble(self, blob: str) -> str | None:
        """Why a blob cannot be read; it is not fetched only to be told."""
        try:
            return None if self.has(blob) else "gone"
        except StoreError as error:
            return f"out of reach: {error.message}"

    def path(self, blob: str) -> Path:
        """A local copy of the blob, checked."""
        with contextlib.suppress(CorruptError):  # altered or gone here: fetched again
            return self._copies.path(blob)
        self._fetch(blob)
        return self._copies.path(blob)

    def publish(self, temporary: Path, blob: str, size: int) -> None:
        """Puts a finished file where others see it, whole, then keeps it as the local copy."""
        is_quick = self._puts_whole and size < _SMALL
        if is_quick or not self._is_there(blob, size):
            self._upload(temporary, blob, size)
        self._copies.publish(temporary, blob, size)

    def keep(self, blob: str) -> bool:
        """Whether a blob is there and young; else it is to be written again, which renews it."""
        return self._is_there(blob)

    def stored(self) -> Iterator[Stored]:
        """Every blob that is there; one whose age is not told is taken to be new."""
        with self._telling("read"):
            found = self._system.find(self._root, detail=True)
        for key, facts in found.items():
            folder, _, name = key.rpartition("/")
            if folder.endswith(f"/{name[:2]}") and len(name) == DIGEST_LENGTH:
                yield Stored(name, int(facts.get("size") or 0), _written(facts))

    def collect(self, blob: str, before: float) -> int:
        """Removes a blob that was not written since some time, there and here."""
        facts = self._facts(blob)
        if facts is None or _written(facts) >= before:
            return 0
        self.delete(blob)
        return int(facts.get("size") or 0)

    def add_user(self, records: str) -> None:
        """Notes, once from here, that a record store names blobs of this one."""
        if records not in users_of(self.root):
            note = f"{self._root}/users/{digest('user', records)[:16]}"
            with self._telling("written"):
                self._make_folder_of(note)
                self._system.pipe_file(note, records.encode())
            add_user(self.root, records)

    def users(self) -> list[str]:
        """The addresses of the record stores that name blobs of it."""
        with self._telling("read"):
            if not self._system.exists(f"{self._root}/users"):
                return []
            notes = self._system.find(f"{self._root}/users")
            return sorted(self._system.cat_file(note).decode() for note in notes)

    def delete(self, blob: str) -> None:
        """Removes a blob, there and here."""
        with self._telling("deleted from"), contextlib.suppress(FileNotFoundError):
            self._system.rm_file(self._key(blob))
        self._copies.delete(blob)

    def _facts(self, blob: str) -> Mapping[str, Any] | None:
        with self._telling("read"):
            try:
                facts: Mapping[str, Any] = self._system.info(self._key(blob))
            except PermissionError:
                with contextlib.suppress(FileNotFoundError):
                    self._system.ls(self._key(blob))  # is told why; what has no body is not
                raise
            except FileNotFoundError as error:
                if is_no_bucket(error):
                    raise
                return None
        return facts

    def _is_there(self, blob: str, size: int | None = None) -> bool:
        """Whether a blob is there, of that size, and too young to be collected soon."""
        facts = self._facts(blob)
        is_right = facts is not None and size in (None, facts.get("size"))
        return is_right and time.time() - _written(facts or {}) < self.grace / 2

    def _upload(self, file: Path, blob: str, size: int) -> None:
        """Puts a file under its name, seen by others when it is whole."""
        try:
            with self._telling("written"):
                self._put(file, self._key(blob))
        except StoreError:  # also where the answer was lost, and what was asked again is refused
            if not self._is_there(blob, size):
                raise

    def _put(self, file: Path, key: str) -> None:
        if self._puts_whole:
            parts = {"chunksize": _PART, "max_concurrency": STREAMS} if self._is_s3 else {}
            self._system.put_file(str(file), key, **parts)
            return
        waiting = f"{self._root}/unfinished/{file.name}"
        for each in (waiting, key):
            self._make_folder_of(each)
        self._system.put_file(str(file), waiting)
        self._system.mv(waiting, key)

    def _fetch(self, blob: str) -> None:
        self._copies.delete(blob)
        descriptor, path = self._copies.new_file()
        try:
            self._download(blob, path)
            found, size = digest_file(path), path.stat().st_size
            if found != blob:
                raise CorruptError(
                    f"the bytes of an artifact were altered: {self._place_of(blob)} has the "
                    f"digest {found[:12]}…",
                    hint="Delete it there and run the pipeline again",
                )
            self._copies.publish(path, blob, size)
        finally:
            path.unlink(missing_ok=True)
            os.close(descriptor)

    def _download(self, blob: str, path: Path) -> None:
        with self._telling("read"):
            try:
                if self._is_s3:
                    download(self._system, self._key(blob), path)
                else:
                    self._system.get_file(self._key(blob), str(path))
            except FileNotFoundError as error:
                if is_no_bucket(error):
                    raise
                raise CorruptError(
                    f"the bytes of an artifact are gone: {self._place_of(blob)}",
                    hint="Run the pipeline again: it will be made anew.",
                ) from None

    def _make_folder_of(self, key: str) -> None:
        if not self._puts_whole:  # there it would make the bucket
            self._system.makedirs(key.rpartition("/")[0], exist_ok=True)

    def _key(self, blob: str) -> str:
        return f"{self._root}/{blob[:2]}/{blob}"

    def _place_of(self, blob: str) -> str:
        return f"{self._shown}/{blob[:2]}/{blob}"

    def _telling(self, verb: str) -> contextlib.AbstractContextManager[None]:
        return telling(self._shown, verb, self._options)


def _written(facts: Mapping[str, Any]) -> float:
    """When a file was written, as its file system tells; one that does not tell is new."""
    for name in ("LastModified", "last_modified", "updated", "mtime", "created"):
        told = facts.get(name)
        if told is not None:
            return float(told.timestamp()) if hasattr(told, "timestamp") else float(told)
    return float("inf")
