"""Blobs on this machine's disk: written to a temporary name, published whole, checked when read."""

from __future__ import annotations

import contextlib
import errno
import os
import time
from pathlib import Path
from typing import Any

from blake3 import blake3

from windlass.errors import CorruptError, StoreError

INLINE = 4096
"""Bytes up to which a blob is kept in the record and needs no file."""

_REMEMBERED = 1 << 20
"""Bytes from which a check of a blob is remembered; smaller ones are checked at every read."""

_STALE_SECONDS = 24 * 3600


class Blobs:
    """A folder of blobs named by the BLAKE3 of their bytes.

    Args:
        root: The folder; made when the first blob is written.
        verified: Folder that remembers, on this machine, which blobs were checked; None for none.
        durable: Whether a blob is on the disk itself before it is published.
    """

    def __init__(self, root: Path, verified: Path | None = None, *, durable: bool = False) -> None:
        self.root = root
        self._verified = verified
        self._durable = durable

    def __repr__(self) -> str:
        return f"<blobs in {self.root}>"

    def writer(self) -> BlobWriter:
        """A stream into a new blob."""
        return BlobWriter(self)

    def has(self, blob: str) -> bool:
        """Whether the blob is there; its bytes are not looked at."""
        return self._place(blob).exists()

    def path(self, blob: str) -> Path:
        """The blob's file, its bytes checked since they last changed.

        Raises:
            CorruptError: It is gone, or its bytes were altered.
        """
        path = self._place(blob)
        try:
            stamp = _stamp(path)
            if self._recall(blob) == stamp:
                return path
            found = blake3().update_mmap(path).hexdigest()
        except FileNotFoundError:
            raise CorruptError(
                f"the bytes of an artifact are gone: {path}",
                hint="Bring the file back from a backup, or run what made it again: --no-cache",
            ) from None
        except OSError as error:
            raise self._refused("read", error) from error
        if found != blob:
            raise CorruptError(
                f"the bytes of an artifact were altered: {path} should have the digest "
                f"{blob[:12]}… and has {found[:12]}…",
                hint="Delete the file and run what made it again: --no-cache",
            )
        self._remember(blob, path)
        return path

    def delete(self, blob: str) -> None:
        """Removes a blob, if it is there."""
        with contextlib.suppress(FileNotFoundError):
            self._place(blob).unlink()

    def new_file(self) -> tuple[int, Path]:
        """A new temporary file: its descriptor and path."""
        path = self.root / "tmp" / f"{os.getpid()}-{os.urandom(8).hex()}"
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL
        try:
            with contextlib.suppress(FileNotFoundError):
                return os.open(path, flags, 0o644), path
            path.parent.mkdir(parents=True, exist_ok=True)
            return os.open(path, flags, 0o644), path
        except OSError as error:
            raise self._refused("written", error) from error

    def publish(self, temporary: Path, blob: str, size: int) -> None:
        """Gives a finished file its name; a blob that is there already, and whole, stays."""
        path = self._place(blob)
        try:
            if path.exists() and path.stat().st_size == size:
                temporary.unlink()
                return
            temporary.chmod(0o444)
            path.parent.mkdir(exist_ok=True)
            temporary.replace(path)
            if self._durable:
                _sync_folder(path.parent)
        except OSError as error:
            raise self._refused("written", error) from error
        self._remember(blob, path)

    def put_file(self, source: Path) -> tuple[str, int]:
        """Stores a copy of a file; returns its digest and size."""
        with self.writer() as writer, source.open("rb") as stream:
            while chunk := stream.read(1 << 20):
                writer.write(chunk)
            blob, size, _ = writer.finish(inline=-1)
        return blob, size

    def sweep(self) -> None:
        """Removes what processes that died long ago left in the temporary folder."""
        limit = time.time() - _STALE_SECONDS
        with contextlib.suppress(OSError):
            for entry in os.scandir(self.root / "tmp"):
                if entry.stat().st_mtime < limit:
                    Path(entry.path).unlink()

    def sync(self, descriptor: int) -> None:
        """Waits, in a durable store, until a file's bytes are on the disk."""
        if self._durable:
            os.fsync(descriptor)

    def _place(self, blob: str) -> Path:
        return self.root / blob[:2] / blob

    def _recall(self, blob: str) -> str | None:
        if self._verified is None:
            return None
        try:
            return (self._verified / blob).read_text()
        except OSError:
            return None

    def _remember(self, blob: str, path: Path) -> None:
        with contextlib.suppress(OSError):  # a check that is not remembered is done again
            if self._verified is not None and path.stat().st_size >= _REMEMBERED:
                self._verified.mkdir(parents=True, exist_ok=True)
                temporary = self._verified / f"{blob}.{os.getpid()}"
                temporary.write_text(_stamp(path))
                temporary.replace(self._verified / blob)

    def _refused(self, verb: str, error: OSError) -> StoreError:
        hint = "Check the folder's permissions, or name another store in windlass.toml."
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            hint = "Free some space; nothing half-written is kept."
        return StoreError(
            f"the artifact store {self.root} cannot be {verb}: {error.strerror or error}", hint=hint
        )


class BlobWriter:
    """A stream that is hashed on its way; in memory while it is short, then in a temporary file."""

    def __init__(self, blobs: Blobs) -> None:
        self._blobs = blobs
        self._hash = blake3()
        self._head = bytearray()
        self._file: int | None = None
        self._path: Path | None = None
        self.size = 0

    def __enter__(self) -> BlobWriter:
        return self

    def __exit__(self, *_: object) -> None:
        """Removes the temporary file, unless it was published."""
        if self._file is not None:
            os.close(self._file)
        if self._path is not None:
            with contextlib.suppress(OSError):
                self._path.unlink()

    def write(self, data: Any) -> int:
        """Appends a buffer, without copying a large one."""
        view = memoryview(data)
        view = view.cast("B") if view.contiguous and view.nbytes else memoryview(bytes(view))
        self._hash.update(view)
        self.size += view.nbytes
        if self._file is None and self.size <= INLINE:
            self._head += view
        else:
            self._spill(view)
        return view.nbytes

    def finish(self, inline: int = INLINE) -> tuple[str, int, bytes | None]:
        """Publishes the blob, unless it has at most `inline` bytes.

        Returns:
            Its digest, its size, and its bytes where it was not published.
        """
        blob = self._hash.hexdigest()
        if self._file is None and self.size <= inline:
            return blob, self.size, bytes(self._head)
        self._spill(memoryview(b""))
        assert self._file is not None
        assert self._path is not None
        try:
            self._blobs.sync(self._file)
        except OSError as error:
            raise self._blobs._refused("written", error) from error  # noqa: SLF001
        self._blobs.publish(self._path, blob, self.size)
        os.close(self._file)
        self._file = self._path = None
        return blob, self.size, None

    def _spill(self, view: memoryview) -> None:
        if self._file is None:
            self._file, self._path = self._blobs.new_file()
            self._write_all(memoryview(self._head))
            self._head = bytearray()
        self._write_all(view)

    def _write_all(self, view: memoryview) -> None:
        assert self._file is not None
        try:
            while view.nbytes:
                view = view[os.write(self._file, view) :]
        except OSError as error:
            raise self._blobs._refused("written", error) from error  # noqa: SLF001


def _stamp(path: Path) -> str:
    """What changes with every change of a file, whoever makes it and whatever times he sets."""
    facts = path.stat()
    return f"{facts.st_size} {facts.st_mtime_ns} {facts.st_ctime_ns} {facts.st_ino}"


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
