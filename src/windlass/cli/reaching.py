"""What ``execute`` is asked for, and how the run is reached that it is of."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from windlass.errors import ConfigError

if TYPE_CHECKING:
    from windlass.artifacts.store import ArtifactStore
    from windlass.execution.job import Job
    from windlass.execution.relay.worker import Relayed
    from windlass.pipeline.graph import Node


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be executed."""

    plan: str
    run: str
    node: str
    index: int | None
    attempt: int | None
    first: int


@dataclass(frozen=True, slots=True)
class Where:
    """How the run is reached: by the address of its artifact store, or by a stack's record."""

    store: str | None
    stack: str | None

    def relayed(self, wanted: Wanted, scratch: Path) -> Relayed:
        """The run, by what was posted of it."""
        from windlass.targets.relayed import open_relayed

        assert self.store is not None
        return open_relayed(open_store(self.store), wanted.run, wanted.plan, scratch)

    def job(self, wanted: Wanted) -> Job:
        """The run, by its record."""
        from windlass.cli.place import stores_here
        from windlass.execution.job import open_job

        job = open_job(wanted.run, stores_here(self.stack))
        if job.plan.digest != wanted.plan:
            told = f"the run {job.name} is of the plan {job.plan.digest}, not {wanted.plan}"
            raise ConfigError(told)
        return job


def open_store(store: str) -> ArtifactStore:
    """The artifact store of an address, which may hold references to secrets."""
    from windlass.artifacts.store import ArtifactStore
    from windlass.provenance import secrets
    from windlass.provenance.environments import cache_folder

    url = secrets.resolve(store, root=Path.cwd(), where="--store")
    cache = cache_folder()
    return ArtifactStore.open_store(url, verified=cache / "verified", cache=cache / "artifacts")


def node_of(job: Job, wanted: Wanted, *, ask: bool = False) -> Node:
    """The node that is wanted.

    Raises:
        ConfigError: There is none of that name, or it is a map and no item is named.
    """
    node, index = wanted.node, wanted.index
    if node not in job.plan.graph.nodes:
        raise ConfigError(f"the plan of {job.name} has no node '{node}'")
    found = job.plan.graph.nodes[node]
    if not ask and found.mapped != (index is not None):
        hint = "Say which item: --index N" if found.mapped else "Leave --index out."
        raise ConfigError(f"'{node}' is {'a map' if found.mapped else 'no map'}", hint=hint)
    return found


def check_length(job: Job, node: Node, index: int | None) -> None:
    """Refuses an item that a map does not have."""
    if index is not None:
        from windlass.execution.inputs import Inputs

        length = Inputs(job).length(node)
        if index >= length:
            raise ConfigError(f"'{node.name}' has {length} items; there is none at --index {index}")
