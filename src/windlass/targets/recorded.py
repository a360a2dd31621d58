"""A run's code as it was recorded, to be run again: from the project's folder, or unpacked."""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from windlass.errors import ConfigError, CorruptError, DefinitionError
from windlass.execution.job import digest_plain
from windlass.execution.shipment import NOTHING, Shipment, shipment_in
from windlass.execution.shipping import lay_declared
from windlass.pipeline.settings import Settings
from windlass.provenance.archive import unpack
from windlass.provenance.bundle import read_bundle
from windlass.provenance.code_folders import used
from windlass.provenance.declared import take_declared
from windlass.provenance.environment import Environment, read_environment

if TYPE_CHECKING:
    from windlass.execution.job import Stores
    from windlass.pipeline.plan import Plan
    from windlass.records.model import Run


_LONG_AGO = 315_532_800
"""1980, as of files that nobody has written since."""


def unpacked(bundle: str, stores: Stores, folder: Path) -> None:
    """Writes the files of a recorded bundle into a folder that is empty or not there.

    Raises:
        ConfigError: Its archive was never stored, or is gone.
        CorruptError: Its archive is damaged.
    """
    blob = stores.records.archive(bundle)
    try:
        archive = stores.artifacts.path(blob) if blob is not None else None
    except CorruptError as error:
        raise _no_archive(bundle, error.message) from error
    if archive is None:
        raise _no_archive(bundle, "it was recorded by an older Windlass")
    unpack(archive, read_bundle(json.loads(stores.records.bundle(bundle))), folder)


def unpacked_once(bundle: str, stores: Stores, folder: Path, shipment: Shipment = NOTHING) -> None:
    """As `unpacked`, where the folder is not there yet; whole, also if several do it at once.

    Args:
        bundle: What is unpacked.
        stores: Where it is.
        folder: Where to.
        shipment: The declared files that belong into it, too.

    Raises:
        ConfigError: As of `unpacked`; so is the other.
    """
    if used(folder):
        return
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".partial-") as partial:
        unpacked(bundle, stores, Path(partial) / "code")
        lay_declared(shipment, stores, Path(partial) / "code")
        for path in (Path(partial) / "code").rglob("*"):  # or it would seem to be edited since
            os.utime(path, (_LONG_AGO, _LONG_AGO), follow_symlinks=False)
        with contextlib.suppress(OSError):  # another one was faster
            (Path(partial) / "code").rename(folder)
    if not folder.is_dir():
        raise ConfigError(
            f"{folder} cannot be made", hint="Check that its folder can be written, and try again."
        )


def unpacked_for_now(plan: Plan, stores: Stores) -> Path:
    """A folder with the recorded code of a plan, which is removed when this process ends.

    Files that steps declare and that are no code are taken from the project's folder, where they
    are still the same.
    """
    folder = Path(tempfile.mkdtemp(prefix="windlass-code-")).resolve()
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    unpacked(plan.bundle, stores, folder)
    for path in {path for found in plan.files.values() for path in found}:
        place, source = folder / path, stores.project / path
        if not place.exists() and source.exists():
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, place)
    return folder


def look_in(root: Path, plan: Plan) -> None:
    """Lets this process, and the workers that it starts, import a plan's modules from a folder."""
    sys.path[:0] = [str((root / source).resolve()) for source in plan.sources]


def changes(
    row: Run, plan: Plan, now: Environment | None, root: Path, stores: Stores
) -> Iterator[str]:
    """What a run depends on besides its code and is another here and now, in words.

    Args:
        row: The run.
        plan: Its plan.
        now: What is installed; None if that doesn't matter.
        root: The folder of the code that would be run.
        stores: Where it is recorded.
    """
    if now is not None and now.digest != plan.environment:
        then = read_environment(json.loads(stores.records.environment(plan.environment)))
        yield from _changed_packages(then, now)
    digests: Mapping[str, str] = row.details["digests"]
    known = shipment_in(row.details).digests
    for name, document in row.parameters.items():
        if digests.get(name) != digest_plain(document, known=known):
            yield f"the files that the parameter '{name}' names"
    yield from _changed_declared(plan, root)


def _changed_packages(then: Environment, now: Environment) -> Iterator[str]:
    if (then.python, then.implementation) != (now.python, now.implementation):
        yield f"Python ({then.python}, now {now.python})"
    before, after = then.versions(), now.versions()
    for name in sorted(before.keys() | after.keys()):
        if before.get(name) != after.get(name):
            yield f"{name} ({before.get(name, 'not there')}, now {after.get(name, 'not there')})"


def _changed_declared(plan: Plan, root: Path) -> Iterator[str]:
    settings = [Settings(**node.settings) for node in plan.graph.nodes.values()]  # type: ignore[arg-type]
    variables = {name for each in settings for name in each.variables}
    for name, digest in take_declared(root, None, (), variables).variables.items():
        if plan.variables.get(name) != digest:
            yield f"the variable {name}"
    for pattern, files in plan.files.items():
        try:
            now = take_declared(root, None, [pattern], ()).files[pattern]
        except DefinitionError:
            now = {}
        if now != files:
            yield f"the files {pattern}"


def _no_archive(bundle: str, why: str) -> ConfigError:
    return ConfigError(
        f"the recorded code {bundle[:12]} cannot be unpacked: {why}",
        hint="Bring the project's folder to the state that the run was started in, as by git; or "
        "take the code as it is now: --with-changes",
    )
