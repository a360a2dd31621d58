"""All of a run's provenance at once, git working in the background meanwhile."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from windlass.provenance.bundle import Bundle, capture_bundle, start_listing
from windlass.provenance.environment import Environment, capture_environment
from windlass.provenance.git import GitFacts, start_git_facts
from windlass.provenance.machine import machine_facts
from windlass.provenance.project import Project
from windlass.values import Json


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a run comes from.

    Args:
        bundle: The project's code.
        environment: What is installed.
        git: The state of the checkout; None where there is none.
        machine: Facts of this machine.
        cells: The module that a notebook's cells became; it is in the bundle, at its root.
    """

    bundle: Bundle
    environment: Environment
    git: GitFacts | None
    machine: dict[str, Json]
    cells: Path | None = None


def capture(project: Project, cells: Path | None = None) -> Provenance:
    """The provenance of a run of this project, here and now.

    Args:
        project: The project.
        cells: The module that a notebook's cells became, which goes into the bundle.

    Raises:
        ConfigError: The project holds more than a bundle takes.
    """
    listed = start_listing(project.root)
    git = start_git_facts(project.root)
    environment = capture_environment(project.root, project.cache)
    bundle = capture_bundle(project.root, project.cache, listed=listed)
    if cells is not None:
        from windlass.provenance.cells.as_module import with_cells

        bundle = with_cells(bundle, cells)
    return Provenance(bundle, environment, git(), machine_facts(), cells)
