"""The code of a project, as it is laid into an image."""

from __future__ import annotations

import tempfile
from pathlib import Path

from windlass.models.version import Version
from windlass.provenance.archive import unpack, write_archive
from windlass.provenance.bundle import Bundle
from windlass.targets.recorded import unpacked


def lay_code(bundle: Bundle, version: Version, root: Path, folder: Path) -> None:
    """Writes the code that a version was made by into a folder.

    Args:
        bundle: The code: as its run recorded it, or as it was captured just now.
        version: The version.
        root: The project's folder, which has the code where no run made the version.
        folder: Where to; it is empty.

    Raises:
        ConfigError: The recorded code is gone.
    """
    if version.row.run is not None:
        unpacked(bundle.digest, version.stores, folder)
    else:
        lay_present(bundle, root, folder)


def lay_present(bundle: Bundle, root: Path, folder: Path) -> None:
    """Writes the code of a project, captured just now, into a folder that is empty.

    Raises:
        ChangedFileError: A file is another one than when the bundle was captured.
    """
    with tempfile.NamedTemporaryFile(suffix=".tar") as archive:
        write_archive(bundle, root, archive)
        archive.flush()
        unpack(Path(archive.name), bundle, folder)
