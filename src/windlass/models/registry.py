"""Finding versions of models, and registering a model that no run made."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from windlass import artifacts
from windlass.artifacts import Artifact
from windlass.errors import WindlassError
from windlass.execution.job import Stores
from windlass.execution.stores import open_recorded, open_stores
from windlass.models.describing import describe
from windlass.models.naming import find_version
from windlass.models.version import Version
from windlass.pipeline.marks import Model, Task
from windlass.provenance.project import find_project
from windlass.records.models import NewVersion
from windlass.stacks.stack import load_stack


def open_version(name: str, *, stack: str | None = None) -> Version:
    """A version of a model of the project around the working directory.

    Args:
        name: ``delay@3``, ``delay@champion``; ``delay`` is the newest.
        stack: A stack of ``windlass.toml``; else the default one.

    Raises:
        NotFoundError: There is no such model, version or alias.
        ConfigError: Nothing was recorded here yet.
    """
    stores = open_recorded(load_stack(stack, find_project(Path.cwd())))
    return Version(find_version(stores.records, name), stores)


def register(
    name: str,
    model: Any,
    *,
    reference: Any = None,
    holdout: Any = None,
    target: str | None = None,
    columns: Sequence[str] | None = None,
    task: Task | None = None,
    stack: str | None = None,
) -> Version:
    """Registers a model that exists as the next version of its name, without a pipeline.

    The same model again is the same version.

    Args:
        name: The model's.
        model: A fitted estimator, a booster, a torch module, an ONNX model: all that has a format.
        reference: The rows that it learnt from.
        holdout: Labelled rows that it never saw.
        target: The column of these that holds what it is to predict.
        columns: The columns that it takes, in order; None for those that it knows itself.
        task: ``classification`` or ``regression``; None if the model tells.
        stack: A stack of ``windlass.toml``; else the default one.

    Raises:
        DefinitionError: The name, the columns or the task are not as they must be.
        FormatError: No format takes a value.
    """
    mark = Model(name, target, columns, task)
    stores = open_stores(load_stack(stack, find_project(Path.cwd())))
    given = {"model": model, "reference": reference, "holdout": holdout}
    return register_in(stores, mark, {k: v for k, v in given.items() if v is not None})


def register_in(stores: Stores, mark: Model, values: dict[str, Any]) -> Version:
    """Registers a model where it is to be kept.

    Args:
        stores: Where.
        mark: Its name, and what is told of it.
        values: The ``model``, and if there are such, its ``reference`` and ``holdout``.
    """
    saved: dict[str, list[Artifact]] = {}
    for role, value in values.items():
        try:
            found = artifacts.save(value, stores.artifacts)
        except WindlassError as error:
            error.message = f"the {role} of '{mark.name}' cannot be kept: {error.message}"
            raise
        saved[role] = [found.artifact, *found.children]
    contents = {role: found[0].content for role, found in saved.items()}
    version = NewVersion(mark.name, contents["model"], artifacts=contents, details=mark.settings())
    minted = stores.records.register(version, [each for found in saved.values() for each in found])
    made = Version(stores.records.version(minted.model, minted.number), stores)
    describe(made)
    return made
