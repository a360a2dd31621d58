"""Blobs on this machine's disk: written to a temporary name, published whole, checked when read."""

from __future__ import annotations

import contextlib
import errno
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from windlass.artifacts.stamps import Stamps, stamp_of
from windlass.artifacts.sweeping import Stored, alone, stored_in
from windlass.errors import CorruptError, StoreError
from windlass.hashing import BlobHasher, byte_view, digest_bytes, digest_file

INLINE = 4096
"""Bytes up to which a blob is kept in the record and needs no file."""

_REMEMBERED = 1 << 20
"""Bytes from which a check of a blob is remembered; smaller ones are checked at every read."""

_GATHERED = 1 << 17  # small writes are gathered to this many bytes
_PIECE = 1 << 22  # large ones go in pieces that are still in the processor's cache when written
_STALE_SECONDS = 24 * 3600
_RENEWED_SECONDS = 600
"""Age from which a blob that is written again is made young: each time would cost its check."""


class Blobs:
    """A folder of blobs named by the BLAKE3 of their bytes.

    Args:
        root: The folder; made when the first blob is written.
        verified: Folder that remembers, on this machine, which blobs were checked; None for none.
        durable: Whether a blob is on the disk itself before it is published.

    Attributes:
        layouts: Folder of this machine for files that are laid out from blobs, under their names.
        grace: Seconds that a blob is left alone which nothing names yet.
    """

    grace = 3600.0

    def __init__(self, root: Path, verified: Path | None = None, *, durable: bool = False) -> None:
        self.root = root
        self._stamps = Stamps(verified)
        self._durable = durable
        self.layouts = (verified.parent if verified else root) / "layouts"

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
            stamp = stamp_of(path)
            if self._stamps.recall(blob) == stamp:
                return path
            found = digest_file(path)
        except FileNotFoundError:
            raise CorruptError(
                f"the bytes of an artifact are gone: {path}",
                hint="Bring the file back from a backup, or run the pipeline again",
            ) from None
        except OSError as error:
            raise self.refusal("read", error) from error
        if found != blob:
            raise CorruptError(
                f"the bytes of an artifact were altered: {path} should have the digest "
                f"{blob[:12]}… and has {found[:12]}…",
                hint="Delete the file and run the pipeline again",
            )
        if stamp.size >= _REMEMBERED:
            self._stamps.remember(blob, path, stamp)
        return path

    def keep(self, blob: str) -> bool:
        """Whether a blob is there; if so, it is from now on as young as one that is new.

        What is to be named by a record that is not written yet must be: an old blob that nothing
        names may be collected at any time.
        """
        with alone(self.root):
            return self._renew(blob)

    def _renew(self, blob: str) -> bool:
        path = self._place(blob)
        try:
            if time.time() - path.stat().st_mtime > _RENEWED_SECONDS:
                os.utime(path)
        except OSError:  # gone; or another user's, and then written anew
            return False
        return True

    def stored(self) -> Iterator[Stored]:
        """Every blob that is there."""
        return stored_in(self.root)

    def collect(self, blob: str, before: float) -> int:
        """Removes a blob that was neither written nor kept since some time; returns its bytes."""
        path = self._place(blob)
        with alone(self.root), contextlib.suppress(FileNotFoundError):
            facts = path.stat()
            if facts.st_mtime < before:
                path.unlink()
                self._stamps.forget(blob)
                return facts.st_size
        return 0

    def trouble(self, blob: str) -> str | None:
        """Why a blob cannot be read, in a few words; None if it can, with the right bytes."""
        try:
            self.path(blob)
        except CorruptError:
            return "altered" if self.has(blob) else "gone"
        except StoreError as error:
            return f"out of reach: {error.message}"
        return None

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
            raise self.refusal("written", error) from error

    def publish(self, temporary: Path, blob: str, size: int) -> None:
        """Gives a finished file its name; a blob that is there already, and whole, stays."""
        path = self._place(blob)
        try:
            if self._is_whole(blob, size) and self.keep(blob):
                temporary.unlink()
                return
            temporary.chmod(0o444)
            self._make_folder(path.parent)
            temporary.replace(path)
            if self._durable:
                _sync_folder(path.parent)
        except OSError as error:
            raise self.refusal("written", error) from error
        if size >= _REMEMBERED:
            self._stamps.remember(blob, path, stamp_of(path))

    def _is_whole(self, blob: str, size: int) -> bool:
        """Whether a blob is there with the right bytes; if not, it is written over."""
        try:
            return self._place(blob).stat().st_size == size and self.path(blob).exists()
        except (FileNotFoundError, CorruptError):
            return False

    def _make_folder(self, folder: Path) -> None:
        with contextlib.suppress(FileExistsError):
            folder.mkdir()
            if self._durable:
                _sync_folder(self.root)

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

    def refusal(self, verb: str, error: OSError) -> StoreError:
        """What is told when the disk refuses."""
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
        self._hash: BlobHasher | None = None
        self._gathered = bytearray()
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
        view = byte_view(data)
        self.size += view.nbytes
        if view.nbytes >= _GATHERED:
            self._flush()
            self._spill(view)
        else:
            self._gathered += view
            if len(self._gathered) >= _GATHERED:
                self._flush()
        return view.nbytes

    def finish(self, inline: int = INLINE) -> tuple[str, int, bytes | None]:
        """Publishes the blob, unless it has at most `inline` bytes.

        Returns:
            Its digest, its size, and its bytes where it was not published.
        """
        if self._file is None and self.size <= inline:
            data = bytes(self._gathered)
            return digest_bytes(data), self.size, data
        self._flush()
        assert self._file is not None
        assert self._hash is not None
        assert self._path is not None
        blob = self._hash.hexdigest()
        try:
            self._blobs.sync(self._file)
        except OSError as error:
            raise self._blobs.refusal("written", error) from error
        self._blobs.publish(self._path, blob, self.size)
        os.close(self._file)
        self._file = self._path = None
        return blob, self.size, None

    def _flush(self) -> None:
        gathered, self._gathered = self._gathered, bytearray()
        self._spill(memoryview(gathered))

    def _spill(self, view: memoryview) -> None:
        if self._file is None or self._hash is None:
            self._file, self._path = self._blobs.new_file()
            self._hash = BlobHasher(view.nbytes)
        try:
            for start in range(0, view.nbytes, _PIECE):
                piece = view[start : start + _PIECE]
                self._hash.update(piece)
                while piece.nbytes:
                    piece = piece[os.write(self._file, piece) :]
        except OSError as error:
            raise self._blobs.refusal("written", error) from error


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
