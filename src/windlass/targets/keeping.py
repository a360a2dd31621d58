"""The project's code, captured and stored: what a run records is what can be unpacked again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from windlass.errors import ChangedFileError
from windlass.provenance.bundle import Bundle, LeftOut, digest_files
from windlass.provenance.capture import Provenance, capture

if TYPE_CHECKING:
    from windlass.execution.job import Stores
    from windlass.provenance.project import Project

_TRIES = 8


def capture_kept(project: Project, stores: Stores, cells: Path | None = None) -> Provenance:
    """The provenance of a run that is to be recorded, its code stored.

    A file that changes between being captured and being stored is captured again. One that changes
    all the time, such as a log that somebody writes, is left out; unless it is code.

    Raises:
        ChangedFileError: Code is being changed all the time.
        StoreError: The artifact store does not answer, or cannot be written.
    """
    stores.artifacts.refuse_silent()
    changed: set[str] = set()
    moving: set[str] = set()
    for _ in range(_TRIES):
        found = capture(project, cells)
        provenance = replace(found, bundle=_without(found.bundle, moving))
        try:
            _store(provenance, stores)
        except ChangedFileError as error:
            if error.path in changed and not error.path.endswith(".py"):
                moving.add(error.path)
            changed.add(error.path)
            last = error
        else:
            return provenance
    raise last


def _without(bundle: Bundle, moving: set[str]) -> Bundle:
    if not moving:
        return bundle
    files = tuple(file for file in bundle.files if file.path not in moving)
    left_out = [LeftOut(path, "it is being written to") for path in sorted(moving)]
    return Bundle(digest_files(files), files, (*bundle.left_out, *left_out))


def _store(provenance: Provenance, stores: Stores) -> None:
    """Stores the archive of the project's code, once."""
    bundle, cells = provenance.bundle, provenance.cells
    stores.artifacts.add_user(stores.records.shown)
    blob = stores.records.archive(bundle.digest)
    if blob is not None and stores.artifacts.keep(blob):
        return
    from windlass.provenance.archive import write_archive

    elsewhere = {cells.name: cells} if cells is not None else {}
    with stores.artifacts.writer() as writer:
        write_archive(bundle, stores.project, writer, elsewhere)
        blob, _, _ = writer.finish(inline=-1)
    stores.records.save_bundle(bundle.digest, bundle.document(), blob)
