"""The locks that a run needs before it begins: those of the environments that its steps ask for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from windlass.errors import ConfigError
from windlass.execution.job import Stores
from windlass.pipeline.graph import Graph
from windlass.provenance.project import Project
from windlass.provenance.wheel import store_wheel
from windlass.stacks.settings import load_settings

if TYPE_CHECKING:
    from windlass.provenance.lock import Lock
    from windlass.provenance.wanted import Wanted


def environments_in(graph: Graph) -> dict[str, str]:
    """The names of the environments that steps ask for, each with a node that does."""
    found = {node.settings.get("environment"): name for name, node in graph.nodes.items()}
    return {name: node for name, node in found.items() if isinstance(name, str)}


def locks_of(graph: Graph, project: Project, stores: Stores) -> dict[str, Lock]:
    """The lock of each environment that steps of a graph ask for, by its name.

    Raises:
        ConfigError: One is described nowhere.
        LockError: One cannot be solved.
    """
    names = environments_in(graph)
    settings = load_settings(project) if names else None
    found = {}
    for name, node in sorted(names.items()):
        assert settings is not None
        found[name] = _lock(settings.wanted(name, node), project, stores)
    return found


def _lock(wanted: Wanted, project: Project, stores: Stores) -> Lock:
    from windlass.provenance.declaration import declared_lock, find_declaration

    declaration = find_declaration(project.root, wanted)
    if declaration is None:
        raise ConfigError(
            f"{wanted.shown} adds the extras {', '.join(wanted.extras)} to what the project "
            "requires, and it requires nothing",
            hint="Describe them in pyproject.toml, or give requirements = […] in windlass.toml.",
        )
    return declared_lock(stores.records, declaration, lambda: running_wheel(stores, project))


def running_wheel(stores: Stores, project: Project) -> Path:
    """The wheel of the running Windlass, which is kept in the artifact store, too."""
    from windlass.provenance.environments import place_wheel

    return place_wheel(stores.artifacts, store_wheel(stores.artifacts, project.cache))
