"""The artifact store: blobs on this machine's disk, or anywhere that fsspec reaches."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from windlass.artifacts.blobs import Blobs
from windlass.artifacts.sweeping import Stored, add_user, users_of
from windlass.errors import CorruptError, StoreError
from windlass.hashing import digest

_FILE = ("file://", "local://")
_DIGEST_LENGTH = 64


class ArtifactStore(Blobs):
    """Blobs by their digests; on a local disk it is a plain folder."""

    @staticmethod
    def open_store(
        url: str | Path,
        *,
        verified: Path | None = None,
        cache: Path | None = None,
        durable: bool = False,
    ) -> ArtifactStore:
        """Opens a store; nothing is written yet.

        Args:
            url: A path, or a URL of fsspec such as ``s3://bucket/folder``.
            verified: Folder in which this machine remembers which blobs it has checked.
            cache: Folder for local copies of a remote store's blobs; a temporary one if None.
            durable: Whether loss of power is survived.

        Raises:
            StoreError: The URL's file system is not installed or cannot be reached.
        """
        text = str(url)
        for prefix in _FILE:
            text = text.removeprefix(prefix)
        if "://" not in text:
            store = ArtifactStore(Path(text), verified, durable=durable)
            store.sweep()
            return store
        return RemoteStore(text, cache or _own_cache(), verified)

    def add_user(self, records: str) -> None:
        """Notes that a record store names blobs of it: another's must not be collected."""
        try:
            add_user(self.root, records)
        except OSError as error:
            raise self.refusal("written", error) from error

    def users(self) -> list[str]:
        """The addresses of the record stores that name blobs of it."""
        return users_of(self.root)


class RemoteStore(ArtifactStore):
    """Blobs behind a URL, with a local copy of each that was written or read.

    Args:
        url: Where they are.
        cache: The folder of the copies.
        verified: As for `Blobs`.
    """

    grace = 24 * 3600.0

    def __init__(self, url: str, cache: Path, verified: Path | None = None) -> None:
        super().__init__(cache, verified)
        self.url = url
        self._copies = Blobs(cache, verified)
        with self._telling("opened"):
            import fsspec

            self._system, self._root = fsspec.core.url_to_fs(url)

    def has(self, blob: str) -> bool:
        """Whether the blob is there."""
        with self._telling("read"):
            return bool(self._system.exists(self._key(blob)))

    def trouble(self, blob: str) -> str | None:
        """Why a blob cannot be read; it is not fetched only to be told."""
        try:
            return None if self.has(blob) else "gone"
        except StoreError as error:
            return f"out of reach: {error.message}"

    def path(self, blob: str) -> Path:
        """A local copy of the blob, checked."""
        with contextlib.suppress(CorruptError):  # altered or gone here: fetched again
            return super().path(blob)
        self._fetch(blob)
        return super().path(blob)

    def publish(self, temporary: Path, blob: str, size: int) -> None:
        """Puts a finished file where others see it, whole, then keeps it as the local copy."""
        key = self._key(blob)
        with self._telling("written"):
            if not (self.keep(blob) and self._system.size(key) == size):
                self._system.makedirs(key.rpartition("/")[0], exist_ok=True)
                waiting = f"{self._root}/unfinished"
                passing = f"{waiting}/{temporary.name}"
                self._system.makedirs(waiting, exist_ok=True)
                self._system.put_file(str(temporary), passing)
                self._system.mv(passing, key)
        super().publish(temporary, blob, size)

    def keep(self, blob: str) -> bool:
        """Whether a blob is there and young; else it is to be written again, which renews it."""
        with self._telling("read"):
            if not self._system.exists(self._key(blob)):
                return False
            written = _written(self._system.info(self._key(blob)))
        return time.time() - written < self.grace / 2

    def stored(self) -> Iterator[Stored]:
        """Every blob that is there; one whose age is not told is taken to be new."""
        with self._telling("read"):
            found = self._system.find(self._root, detail=True)
        for key, facts in found.items():
            folder, _, name = key.rpartition("/")
            if folder.endswith(f"/{name[:2]}") and len(name) == _DIGEST_LENGTH:
                yield Stored(name, int(facts.get("size") or 0), _written(facts))

    def collect(self, blob: str, before: float) -> int:
        """Removes a blob that was not written since some time, there and here."""
        with self._telling("written"):
            facts = self._system.info(self._key(blob)) if self.has(blob) else None
            if facts is None or _written(facts) >= before:
                return 0
            self.delete(blob)
        return int(facts.get("size") or 0)

    def add_user(self, records: str) -> None:
        """Notes, once from here, that a record store names blobs of this one."""
        if records not in users_of(self.root):
            name = digest("user", records)[:16]
            with self._telling("written"):
                self._system.makedirs(f"{self._root}/users", exist_ok=True)
                self._system.pipe_file(f"{self._root}/users/{name}", records.encode())
            super().add_user(records)

    def users(self) -> list[str]:
        """The addresses of the record stores that name blobs of it."""
        with self._telling("read"):
            if not self._system.exists(f"{self._root}/users"):
                return []
            notes = self._system.find(f"{self._root}/users")
            return sorted(self._system.cat_file(note).decode() for note in notes)

    def delete(self, blob: str) -> None:
        """Removes a blob, there and here."""
        with self._telling("written"):
            if self._system.exists(self._key(blob)):
                self._system.rm_file(self._key(blob))
        super().delete(blob)

    def _fetch(self, blob: str) -> None:
        if not self.has(blob):
            raise CorruptError(
                f"the bytes of an artifact are gone: {self.url}/{blob[:2]}/{blob}",
                hint="Run the pipeline again: it will be made anew.",
            )
        super().delete(blob)
        with self._copies.writer() as writer:
            with self._telling("read"), self._system.open(self._key(blob), "rb") as stream:
                while chunk := stream.read(1 << 20):
                    writer.write(chunk)
            found = writer.finish(inline=-1)[0]
        if found != blob:
            self._copies.delete(found)
            raise CorruptError(
                f"the bytes of an artifact were altered: {self.url}/{blob[:2]}/{blob} has the "
                f"digest {found[:12]}…",
                hint="Delete it there and run the pipeline again",
            )

    def _key(self, blob: str) -> str:
        return f"{self._root}/{blob[:2]}/{blob}"

    @contextlib.contextmanager
    def _telling(self, verb: str) -> Iterator[None]:
        """Turns whatever a file system raises into our error, in words."""
        try:
            yield
        except (CorruptError, StoreError):
            raise
        except Exception as error:
            told: Any = getattr(error, "strerror", None) or error
            raise StoreError(
                f"the artifact store {self.url} cannot be {verb}: {told}",
                hint="Check the address, the credentials, and that its fsspec package is there.",
            ) from error


def _own_cache() -> Path:
    """A folder for local copies where none is named: of this user, since others may not be told."""
    import tempfile

    return Path(tempfile.gettempdir()) / f"windlass-cache-{os.getuid()}"


def _written(facts: Any) -> float:
    """When a file was written, as its file system tells; one that does not tell is new."""
    for name in ("LastModified", "last_modified", "updated", "mtime", "created"):
        told = facts.get(name)
        if told is not None:
            return float(told.timestamp()) if hasattr(told, "timestamp") else float(told)
    return float("inf")
