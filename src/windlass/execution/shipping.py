"""Putting the files that a run names into the artifact store, and laying them out elsewhere.

Only where workers don't have the disk of whoever begins the run. A path stays what it is in keys
and in the record; the step is given that of a copy, under the same name and read-only.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from windlass import artifacts, values
from windlass.errors import ConfigError, FormatError
from windlass.execution.job import Stores, digest_path, paths_in
from windlass.execution.shipment import Shipment, Shipped
from windlass.pipeline.graph import Constant, Graph, leaves
from windlass.provenance.bundle import read_bundle

if TYPE_CHECKING:
    from windlass.artifacts.artifact import Artifact
    from windlass.pipeline.plan import Plan
    from windlass.values import Json


def ship(plan: Plan, parameters: Mapping[str, Json], stores: Stores) -> Shipment:
    """Puts what a run names and its bundle lacks into the artifact store.

    Args:
        plan: What is run.
        parameters: The documents of its parameters.
        stores: Where to; relative paths begin in the working directory.

    Raises:
        ConfigError: Something is no file or folder, or is being changed.
        StoreError: The store cannot be written.
    """
    shipped = ship_paths([*parameters.values(), *constants(plan.graph)], stores)
    return shipped.and_also(Shipment(declared=dict(_declared(plan, stores))))


def ship_paths(documents: Iterable[Json], stores: Stores) -> Shipment:
    """Puts the files and folders that documents name into the artifact store.

    Raises:
        ConfigError: As of `ship`.
        StoreError: So is the other.
    """
    paths: dict[str, Shipped] = {}
    made: list[Artifact] = []
    for named in dict.fromkeys(path for document in documents for path in paths_in(document)):
        if os.path.lexists(named):  # else it is no input, as everywhere
            paths[named], saved = _ship(named, stores)
            made += saved
    return Shipment(paths, artifacts=tuple(made))


def constants(graph: Graph) -> Iterator[Json]:
    """The documents of the constants that steps are given."""
    refs = (ref for node in graph.nodes.values() for ref in node.inputs.values())
    for leaf in (leaf for ref in refs for leaf in leaves(ref)):
        if isinstance(leaf, Constant):
            yield leaf.value


def brought(document: Any, shipment: Shipment, stores: Stores) -> Any:
    """A document with the places of copies in it, where the run has the files with it.

    Raises:
        CorruptError: They are gone from the store, or altered.
    """
    if isinstance(document, list):
        return [brought(item, shipment, stores) for item in document]
    if not isinstance(document, dict):
        return document
    if document.get(values.TYPE) != "path":
        return {key: brought(item, shipment, stores) for key, item in document.items()}
    shipped = shipment.paths.get(document["value"])
    if shipped is None:
        return document
    copy = artifacts.load(shipped.content, stores.artifacts, stores.records)
    return {**document, "value": str(copy)}


def lay_declared(shipment: Shipment, stores: Stores, code: Path) -> None:
    """Lays declared files that the bundle lacks into a folder of its code.

    Raises:
        CorruptError: They are gone from the store, or altered.
    """
    for name, blob in shipment.declared.items():
        place = code / name
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(stores.artifacts.path(blob), place)
        place.chmod(0o444)


def _ship(named: str, stores: Stores) -> tuple[Shipped, tuple[Artifact, ...]]:
    path = Path(os.path.abspath(named))  # noqa: PTH100 - links stay what they are
    before = digest_path(path)
    try:
        saved = artifacts.save(path, stores.artifacts)
    except (FormatError, OSError) as error:
        told = error.message if isinstance(error, FormatError) else str(error)
        raise ConfigError(
            f"{named} cannot be brought to workers that do not have this machine's disk: {told}",
            hint="Give them a file or a folder of plain files; or declare the parameter as str, "
            "and let the step fetch what it names.",
        ) from error
    if digest_path(path) != before:
        raise _changed(named)
    return Shipped(before, saved.artifact.content), (saved.artifact, *saved.children)


def _declared(plan: Plan, stores: Stores) -> Iterator[tuple[str, str]]:
    """The declared files that are not in the bundle, each with its blob."""
    found = {path: digest for files in plan.files.values() for path, digest in files.items()}
    if not found:
        return
    bundle = read_bundle(json.loads(stores.records.bundle(plan.bundle)))
    for path in sorted(found.keys() - {file.path for file in bundle.files}):
        try:
            blob, _ = stores.artifacts.put_file(stores.project / path)
        except OSError as error:
            raise ConfigError(
                f"{path}, which {_declares(plan, path)} declares, cannot be read: {error.strerror}"
            ) from error
        if blob != found[path]:
            raise _changed(path)
        yield path, blob


def _declares(plan: Plan, path: str) -> str:
    """The step that declares a file."""
    for node in plan.graph.nodes.values():
        if path in {each for pattern in plan.settings(node).files for each in plan.files[pattern]}:
            return f"the step '{node.name}'"
    return "a step"


def _changed(named: str) -> ConfigError:
    return ConfigError(
        f"{named} is being changed: it is another file now than when the run began to read it",
        hint="Wait until nobody writes to it, or name a copy.",
    )
