"""The code of a project, as it is laid into an image."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath

from windlass.models.version import Version
from windlass.provenance.archive import unpack, write_archive
from windlass.provenance.bundle import Bundle, digest_files
from windlass.targets.recorded import unpacked


def without(bundle: Bundle, patterns: Sequence[str]) -> Bundle:
    """A bundle without the files of some paths, or in folders of these."""

    def is_out(path: PurePosixPath) -> bool:
        return any(fnmatch(str(each), one) for each in (path, *path.parents) for one in patterns)

    return _of(bundle, [each.path for each in bundle.files if not is_out(PurePosixPath(each.path))])


def modules_of(bundle: Bundle) -> Bundle:
    """What of a bundle can be imported: Python files, and all that lies in their packages.

    Tables, notebooks and settings that lie beside them are no code.
    """
    paths = [PurePosixPath(each.path) for each in bundle.files]
    packages = {path.parent for path in paths if path.name == "__init__.py"}
    kept = [p for p in paths if p.suffix == ".py" or not packages.isdisjoint(p.parents)]
    return _of(bundle, [str(path) for path in kept])


def lay_recorded(bundle: Bundle, version: Version, whole: str, folder: Path) -> None:
    """Writes files of the code that the run of a version recorded into a folder.

    Args:
        bundle: Those files.
        version: The version.
        whole: The digest of all that its run recorded.
        folder: Where to.

    Raises:
        ConfigError: The recorded code is gone.
    """
    with tempfile.TemporaryDirectory(prefix="windlass-code-") as there:
        unpacked(whole, version.stores, Path(there) / "code")
        for file in bundle.files:
            place = folder / file.path
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(Path(there) / "code" / file.path, place, follow_symlinks=False)


def lay_present(bundle: Bundle, root: Path, folder: Path) -> None:
    """Writes the code of a project, captured just now, into a folder that is empty.

    Raises:
        ChangedFileError: A file is another one than when the bundle was captured.
    """
    with tempfile.NamedTemporaryFile(suffix=".tar") as archive:
        write_archive(bundle, root, archive)
        archive.flush()
        unpack(Path(archive.name), bundle, folder)


def _of(bundle: Bundle, paths: Sequence[str]) -> Bundle:
    kept = set(paths)
    files = tuple(each for each in bundle.files if each.path in kept)
    return replace(bundle, digest=digest_files(files), files=files)
