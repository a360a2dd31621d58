"""The bundle: a project's code as it stands, under one digest.

What is in it: every file of the project's folder that git does not ignore, committed or not. The
rules of ``.gitignore`` hold without git too. What is not: what tools make (``__pycache__``,
virtual environments, …), secrets, and single files above `MAX_FILE_BYTES` unless they are Python
code; the latter two are named in `Bundle.left_out`. Data of that size belongs behind a ``Path``
parameter, which makes it an input of the run.

A folder without ``windlass.toml`` or ``pyproject.toml`` may be a home folder: where it holds too
much, only the Python files in it and the packages beside them are taken. A project that holds too
much is refused.
"""

from __future__ import annotations

import os
import stat
import subprocess
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from windlass.errors import ConfigError
from windlass.hashing import Part, digest, digest_bytes
from windlass.provenance import git, ignore, listing
from windlass.provenance.filecache import FileDigests
from windlass.provenance.project import is_marked
from windlass.values import to_text

MAX_FILES = 20_000
MAX_BYTES = 100 * 2**20
MAX_FILE_BYTES = 10 * 2**20

FILE, EXECUTABLE, LINK = "100644", "100755", "120000"
"""What a path is, as git writes it."""

_FORMAT = 1


class BundleFile(NamedTuple):
    """One file of a bundle.

    Args:
        path: Relative to the project's root, with ``/`` between names.
        mode: `FILE`, `EXECUTABLE` or `LINK`.
        size: In bytes; of a link, that of its target's name.
        content: The digest of its bytes; of a link, of its target's name.
    """

    path: str
    mode: str
    size: int
    content: str


class LeftOut(NamedTuple):
    """A path that is not in the bundle though it may belong to the project, and why."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class Bundle:
    """A project's code as it stood.

    Args:
        digest: Of the paths, modes and contents of its files, and nothing else.
        files: Sorted by path.
        left_out: What a person should know is not in it; not part of the digest.
    """

    digest: str
    files: tuple[BundleFile, ...]
    left_out: tuple[LeftOut, ...] = ()

    @property
    def size(self) -> int:
        """The bytes of all files together."""
        return sum(file.size for file in self.files)

    def document(self) -> str:
        """The canonical JSON of its files: two bundles of one digest have one document."""
        return to_text({"format": _FORMAT, "files": [list(file) for file in self.files]})


def read_bundle(document: Any) -> Bundle:
    """The bundle of a document that `Bundle.document` made, parsed."""
    files = tuple(BundleFile(*each) for each in document["files"])
    return Bundle(digest_files(files), files)


def capture_bundle(
    root: Path, cache: Path | None = None, *, listed: subprocess.Popen[bytes] | None = None
) -> Bundle:
    """The bundle of a project's folder.

    Args:
        root: The project's root.
        cache: The folder of what can be worked out again; unchanged files are then not re-read.
        listed: A listing that was begun by `start_listing`, to save the wait for it.

    Raises:
        ConfigError: The folder holds more than `MAX_FILES` files or `MAX_BYTES` bytes.
    """
    root = root.resolve()
    paths, notes = _paths(root, listed)
    digests = FileDigests(cache / "bundle.json" if cache is not None else None)
    files, left_out = _collect(root, paths, digests)
    if sum(file.size for file in files) > MAX_BYTES:
        if is_marked(root):
            raise _too_many_bytes(root, files)
        files, left_out = _collect(root, listing.near_files(root), digests)
        notes = [_FAR]
    digests.save()
    return Bundle(digest_files(files), tuple(files), (*notes, *left_out))


def start_listing(root: Path) -> subprocess.Popen[bytes] | None:
    """Begins to list a project's files in the background, for `capture_bundle`."""
    return listing.start_listing(root) if git.in_checkout(root) else None


def digest_files(files: Sequence[BundleFile]) -> str:
    """The digest of a bundle of these files, sorted by path."""
    entries: list[Part] = [[file.path, file.mode, file.content] for file in files]
    return digest("bundle", entries)


_FAR = LeftOut(
    ".",
    "the folder is large and no project: only its Python files and packages are kept"
    " (`windlass init` in a folder of its own makes a project)",
)


def _paths(root: Path, listed: subprocess.Popen[bytes] | None) -> tuple[list[str], list[LeftOut]]:
    try:
        found = git.finish(listed or start_listing(root))
        return listing.finish_listing(root, found, MAX_FILES), []
    except listing.TooManyFilesError as error:
        if is_marked(root):
            raise _too_many_files(root, error.seen) from error
        return listing.near_files(root), [_FAR]


def _collect(
    root: Path, paths: Sequence[str], digests: FileDigests
) -> tuple[list[BundleFile], list[LeftOut]]:
    files, left_out = [], []
    for path in paths:
        taken = _take(f"{root}/{path}", path, digests)
        if isinstance(taken, BundleFile):
            files.append(taken)
        elif taken is not None:
            left_out.append(taken)
    return files, left_out


def _take(full: str, path: str, digests: FileDigests) -> BundleFile | LeftOut | None:
    if ignore.is_secret(path):
        return LeftOut(path, "it looks like a secret")
    try:
        status = os.lstat(full)
        if stat.S_ISLNK(status.st_mode):
            target = os.fsencode(os.readlink(full))  # noqa: PTH115 - Path would normalise it
            return BundleFile(path, LINK, len(target), digest_bytes(target))
        return _take_file(full, path, status, digests)
    except FileNotFoundError:  # tracked by git, and deleted; or gone since it was listed
        return None
    except OSError as error:
        return LeftOut(path, f"it cannot be read: {error.strerror}")


def _take_file(
    full: str, path: str, status: os.stat_result, digests: FileDigests
) -> BundleFile | LeftOut:
    if not stat.S_ISREG(status.st_mode):  # a pipe would never end
        return LeftOut(path, "it is no file")
    if status.st_size > MAX_FILE_BYTES and not path.endswith(".py"):
        return LeftOut(path, f"{_mib(status.st_size)} is data, not code")
    mode = EXECUTABLE if status.st_mode & stat.S_IXUSR else FILE
    return BundleFile(path, mode, status.st_size, digests.digest(full, status))


def _too_many_files(root: Path, paths: list[str]) -> ConfigError:
    return ConfigError(
        f"the project {root} holds more than {MAX_FILES:,} files, too many to be code;"
        f" most are in {_heaviest(Counter(map(_top, paths)))}",
        hint="Name folders of data in .gitignore; a run records the code.",
    )


def _too_many_bytes(root: Path, files: Sequence[BundleFile]) -> ConfigError:
    weights: Counter[str] = Counter()
    for file in files:
        weights[_top(file.path)] += file.size
    return ConfigError(
        f"the code of the project {root} is {_mib(weights.total())}, above the limit of"
        f" {_mib(MAX_BYTES)}; most is in {_heaviest(weights)}",
        hint="Name data in .gitignore; a run records the code.",
    )


def _top(path: str) -> str:
    folder, slash, _ = path.partition("/")
    return folder + slash


def _heaviest(weights: Counter[str]) -> str:
    tenth = weights.total() / 10
    return ", ".join(name for name, weight in weights.most_common(3) if weight >= tenth)


def _mib(size: int) -> str:
    return f"{size / 2**20:.0f} MiB"
