"""What every node of one run shares: the plan, the parameters, the stores."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from windlass import modules, values
from windlass.artifacts import ArtifactStore
from windlass.errors import NotFoundError
from windlass.execution.shipment import NOTHING, Shipment, shipment_in
from windlass.hashing import digest
from windlass.pipeline.plan import Plan, read_plan
from windlass.records import Records
from windlass.values import Json

if TYPE_CHECKING:
    from windlass.execution.class_code import ClassCode
    from windlass.execution.ownership import Ownership
    from windlass.pipeline.graph import Node
    from windlass.provenance.environment import Environment
    from windlass.provenance.lock import Lock


@dataclass(frozen=True, slots=True)
class Stores:
    """Where a run reads and writes.

    Args:
        records: The record store.
        artifacts: The artifact store.
        logs: Folder of the logs, one folder a run.
        trust_pickle: Whether pickled artifacts of that store may be read.
        project: The folder of the project's code that is run.
    """

    records: Records
    artifacts: ArtifactStore
    logs: Path
    trust_pickle: bool = False
    project: Path = Path()


@dataclass(frozen=True)
class Job:
    """One run, as every process that executes nodes of it knows it.

    Args:
        run: The run's id.
        name: The run's name.
        plan: What it computes.
        seed: What its generators are seeded from.
        cache: Whether earlier results may stand for its nodes.
        parameters: The parameters' JSON documents, by name.
        digests: Their digests: of the value and, for paths, of the files.
        refresh: Whether everything is computed anew, and kept for others.
        stores: Where it reads and writes.
        environment: The installed distributions; None for those that the record tells of.
        watched: Whether it is noted what steps do that no record tells.
        system_metrics: Whether processor, memory and GPUs are measured while steps run.
        python: The minor version of the Python that took the fingerprints; None for this one.
        owner: The hold on the run of whoever drives it; None in workers.
        shipment: The files that it has with it, for workers that don't have its driver's disk.
        tracker: Where it is shown besides the record, references unresolved; None for nowhere.
    """

    run: str
    name: str
    plan: Plan
    seed: int
    cache: bool
    parameters: Mapping[str, Json]
    digests: Mapping[str, str]
    refresh: bool
    stores: Stores
    environment: Environment | None = None
    watched: bool = False
    system_metrics: bool = True
    python: str | None = None
    owner: Ownership | None = None
    shipment: Shipment = NOTHING
    tracker: str | None = None
    lists: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @functools.cached_property
    def installed(self) -> Environment:
        """The environment of the pipeline."""
        from windlass.provenance.environment import read_environment

        if self.environment is not None:
            return self.environment
        return read_environment(json.loads(self.stores.records.environment(self.plan.environment)))

    def lock_of(self, node: Node) -> Lock | None:
        """The lock of the environment that a node asks for; None for the pipeline's own."""
        name = self.plan.settings(node).environment
        return None if name is None else self.lock(name)

    def lock(self, environment: str) -> Lock:
        """The lock of an environment, by its name.

        Raises:
            NotFoundError: The record has none.
        """
        from windlass.provenance.lock import read_lock

        if environment not in self._locks:
            document = self.stores.records.lock(self.plan.environments[environment])
            if document is None:
                raise NotFoundError(f"the record has no lock of the environment '{environment}'")
            self._locks[environment] = read_lock(json.loads(document))
        return self._locks[environment]

    def digest_plain(self, document: Json) -> str:
        """The digest of a constant or a parameter."""
        return digest_plain(document, known=self.shipment.digests)

    def decode_plain(self, document: Json) -> Any:
        """The value of a constant or a parameter; its files are laid out if the run has them."""
        if self.shipment.paths:
            from windlass.execution.shipping import brought

            document = brought(document, self.shipment, self.stores)
        return decode_plain(document)

    @functools.cached_property
    def _locks(self) -> dict[str, Lock]:
        return {}

    @functools.cached_property
    def class_code(self) -> ClassCode:
        """The code of the classes of values."""
        from windlass.execution.class_code import ClassCode

        return ClassCode(self)

    @property
    def driver(self) -> str | None:
        """The name of the driver that this process is; None where it is none."""
        return self.owner.token if self.owner is not None else None

    def log_path(self, node: str, attempt: int) -> Path:
        """Where an attempt's output is kept."""
        return self.stores.logs / self.run / f"{node}.{attempt}.log"

    def journal_path(self, node: str, attempt: int) -> Path:
        """Where an attempt's metrics are kept until the record has them."""
        return self.stores.logs / self.run / f"{node}.{attempt}.metrics"

    def spool_path(self, node: str, attempt: int) -> Path:
        """Where an attempt's own words to a tracker that is away are kept."""
        return spool_in(self.stores, self.run, node, attempt)

    def events_path(self, node: str, attempt: int) -> Path:
        """Where it is noted what an attempt did, if the run is watched."""
        return self.stores.logs / self.run / f"{node}.{attempt}.events"


def open_job(run: str, stores: Stores, plan: Plan | None = None) -> Job:
    """The job of a recorded run.

    Args:
        run: Its id.
        stores: Where it is recorded.
        plan: Its plan, where that was read before.

    Raises:
        NotFoundError: There is no such run.
    """
    row = stores.records.run_by_id(run)
    details: Any = row.details
    return Job(
        run=row.id,
        name=row.name,
        plan=plan or read_plan(stores.records.plan(row.plan)),
        seed=row.seed,
        cache=details["cache"],
        parameters=row.parameters,
        digests=details["digests"],
        refresh=details.get("refresh", False),
        stores=stores,
        watched=details.get("watched", False),
        system_metrics=details.get("system_metrics", True),
        python=_minor(details.get("machine", {}).get("python")),
        shipment=shipment_in(details),
        tracker=details.get("tracker"),
    )


def spool_in(stores: Stores, run: str, node: str, attempt: int) -> Path:
    """Where an attempt's own words to a tracker that is away are kept."""
    return stores.logs / run / f"{node}.{attempt}.tracker"


def _minor(version: str | None) -> str | None:
    return None if version is None else ".".join(version.split(".")[:2])


def decode_plain(document: Json) -> Any:
    """The value of a constant or a parameter, whose classes may be imported: they are our own."""
    return values.decode(document, _import_class)


def _import_class(ref: str) -> type:
    found = modules.resolve(ref)
    assert isinstance(found, type)
    return found


def digest_plain(
    document: Json, folder: Path = Path(), known: Mapping[str, str] | None = None
) -> str:
    """The digest of a constant or a parameter: of its value and of the files that it names.

    Args:
        document: The value.
        folder: Where relative paths begin.
        known: The digests of files and folders that are not looked at again.
    """
    known = known or {}
    paths = [known.get(path) or digest_path(folder / path) for path in paths_in(document)]
    text = values.to_text(document)
    return digest("value", text, *paths) if paths else digest("value", text)


def paths_in(document: Any) -> list[str]:
    """The paths in a parameter's document, in order."""
    if isinstance(document, list):
        return [found for item in document for found in paths_in(item)]
    if not isinstance(document, dict):
        return []
    if document.get(values.TYPE) == "path":
        return [document["value"]]
    return [found for item in document.values() for found in paths_in(item)]


def digest_path(path: Path) -> str:
    """The digest of a file's bytes, or of a folder's files by their names; of nothing if gone."""
    from blake3 import blake3

    if path.is_dir():
        files = sorted(item for item in path.rglob("*") if item.is_file())
        told = [[item.relative_to(path).as_posix(), digest_path(item)] for item in files]
        return digest("folder", told)
    if path.is_file():
        return blake3().update_mmap(path).hexdigest()
    return digest("no file")
