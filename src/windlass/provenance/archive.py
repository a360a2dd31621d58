"""The archive of a bundle: its files as one tar, the same bytes wherever and whenever it is made.

Sorted by path, without times, owners or compression; permissions are those that git knows. What is
unpacked is checked against the bundle, file by file, and nothing else is written.
"""

from __future__ import annotations

import io
import os
import tarfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Protocol

from windlass.errors import ChangedFileError, CorruptError
from windlass.hashing import digest_bytes
from windlass.provenance.bundle import EXECUTABLE, LINK, Bundle, BundleFile


class Sink(Protocol):
    """What takes bytes."""

    def write(self, data: bytes, /) -> object:
        """Appends bytes."""


def write_archive(
    bundle: Bundle, root: Path, out: Sink, elsewhere: Mapping[str, Path] | None = None
) -> None:
    """Writes the archive of a bundle that was captured just now.

    Args:
        bundle: What was captured.
        root: The project's root.
        out: Where the bytes go.
        elsewhere: The real places of files that do not lie at their paths below the root.

    Raises:
        ChangedFileError: A file is another one than when the bundle was captured.
    """
    with _opened("w|", out) as archive:
        for file in bundle.files:
            data = _read(file, (elsewhere or {}).get(file.path, root / file.path))
            archive.addfile(_entry(file, data), None if file.mode == LINK else io.BytesIO(data))


def unpack(archive: Path, bundle: Bundle, folder: Path) -> None:
    """Writes the files of a bundle into a folder that is empty or not there.

    Raises:
        CorruptError: The archive is damaged, or is not that of the bundle.
        OSError: The folder cannot be written.
    """
    waiting = {file.path: file for file in bundle.files}
    try:
        with archive.open("rb") as stream, _opened("r|", stream) as opened:
            for entry in opened:
                file = waiting.pop(entry.name, None)
                if file is None:
                    raise _is_damaged(f"it holds {entry.name}, which is not in the bundle")
                _place(file, _content(opened, entry, file), folder)
    except (tarfile.TarError, EOFError, ValueError) as error:
        raise _is_damaged(str(error)) from error
    if waiting:
        raise _is_damaged(f"{min(waiting)} is not in it")


def read_files(archive: Path, files: Iterable[BundleFile]) -> dict[str, bytes]:
    """The contents of some files of a bundle, by their paths; of links, what they lead to.

    Raises:
        CorruptError: The archive is damaged, or is not that of the bundle.
    """
    wanted = {file.path: file for file in files}
    found: dict[str, bytes] = {}
    try:
        with archive.open("rb") as stream, _opened("r|", stream) as opened:
            for entry in opened:
                if entry.name in wanted:
                    found[entry.name] = _content(opened, entry, wanted[entry.name])
    except (tarfile.TarError, EOFError, ValueError) as error:
        raise _is_damaged(str(error)) from error
    if missing := wanted.keys() - found:
        raise _is_damaged(f"{min(missing)} is not in it")
    return found


def _opened(mode: str, stream: object) -> tarfile.TarFile:
    # Errors of names: what is no UTF-8 is kept as the bytes that it is.
    options: dict[str, str] = {"encoding": "utf-8", "errors": "surrogateescape"}
    open_: Callable[..., tarfile.TarFile] = tarfile.open
    return open_(fileobj=stream, mode=mode, format=tarfile.PAX_FORMAT, **options)


def _read(file: BundleFile, path: Path) -> bytes:
    try:
        # Not `Path.readlink`, which would normalise it.
        data = os.fsencode(os.readlink(path)) if file.mode == LINK else path.read_bytes()  # noqa: PTH115
    except OSError:
        data = None
    if data is None or digest_bytes(data) != file.content:
        raise _is_changed(file.path)
    return data


def _entry(file: BundleFile, data: bytes) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(file.path)
    if file.mode == LINK:
        entry.type, entry.linkname, entry.mode = tarfile.SYMTYPE, os.fsdecode(data), 0o777
    else:
        entry.size, entry.mode = len(data), 0o755 if file.mode == EXECUTABLE else 0o644
    return entry


def _content(archive: tarfile.TarFile, entry: tarfile.TarInfo, file: BundleFile) -> bytes:
    stream: BinaryIO | None = archive.extractfile(entry) if entry.isreg() else None  # type: ignore[assignment]
    is_link = entry.issym()
    data = os.fsencode(entry.linkname) if is_link else stream.read() if stream else b""
    if is_link != (file.mode == LINK) or digest_bytes(data) != file.content:
        raise _is_damaged(f"{file.path} in it is another file")
    return data


def _place(file: BundleFile, data: bytes, folder: Path) -> None:
    path = PurePosixPath(file.path)
    if path.is_absolute() or ".." in path.parts:
        raise _is_damaged(f"{file.path} would lie outside")
    place = folder / path
    if any(each.is_symlink() for each in place.parents if each.is_relative_to(folder)):
        raise _is_damaged(f"{file.path} would lie behind a link")
    place.parent.mkdir(parents=True, exist_ok=True)
    if file.mode == LINK:
        place.symlink_to(os.fsdecode(data))
        return
    with place.open("xb") as out:
        out.write(data)
    place.chmod(0o755 if file.mode == EXECUTABLE else 0o644)


def _is_changed(path: str) -> ChangedFileError:
    error = ChangedFileError(
        f"{path} was changed while the run was being recorded", hint="Run it again."
    )
    error.path = path
    return error


def _is_damaged(why: str) -> CorruptError:
    return CorruptError(
        f"the archive of the bundle is damaged: {why}",
        hint="Bring it back from a backup of the artifact store; or run the pipeline from the "
        "project's folder, which stores it anew.",
    )
