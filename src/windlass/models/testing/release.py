"""Which version is tested, and against which."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from windlass.errors import ConfigError
from windlass.execution.job import Stores
from windlass.execution.stores import open_recorded
from windlass.models.code import find_modules
from windlass.models.naming import CHAMPION, find_version
from windlass.models.version import Version
from windlass.provenance.project import find_project
from windlass.stacks.stack import load_stack

NO_CHAMPION = "-"


@dataclass(frozen=True)
class Release:
    """A version that may be released, and the one that it would replace.

    Args:
        candidate: The version.
        champion: That which production follows; None if there is none yet.
    """

    candidate: Version
    champion: Version | None


def find_release(
    root: Path, candidate: str | None, champion: str | None, stack: str | None
) -> Release:
    """The versions that tests are about.

    Args:
        root: A folder of the project.
        candidate: As ``delay@3``; None for the newest of the only model.
        champion: What it is compared with; None for the present champion, ``-`` for none.
        stack: Where they are recorded.

    Raises:
        ConfigError: There are several models, and none is named.
        NotFoundError: There is no such version.
    """
    stores = open_recorded(load_stack(stack, find_project(root)))
    row = find_version(stores.records, candidate or _only_model(stores))
    if champion is None:
        number = stores.records.aliases(row.model).get(CHAMPION)
        champion = NO_CHAMPION if number is None else f"{row.model}@{number}"
    candidate_version = Version(row, stores)
    find_modules(candidate_version)
    against = None if champion == NO_CHAMPION else find_version(stores.records, champion)
    if against == row:  # the champion is tested again: it replaces none
        against = None
    return Release(candidate_version, None if against is None else Version(against, stores))


def _only_model(stores: Stores) -> str:
    found = [model.name for model in stores.records.models()]
    if len(found) == 1:
        return found[0]
    if not found:
        raise ConfigError(
            "there is no model yet that could be tested", hint="Run a pipeline that makes one."
        )
    raise ConfigError(
        f"which model is to be tested? There is {', '.join(found)}",
        hint=f"Name a version: pytest --candidate {found[0]}, or windlass test {found[0]}",
    )
