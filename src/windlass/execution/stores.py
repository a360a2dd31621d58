"""Opening the stores of a stack, here or in a worker that is told of it in JSON."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from windlass.artifacts.reaching import package_for
from windlass.errors import ConfigError
from windlass.execution.job import Stores
from windlass.provenance.project import Project
from windlass.records.address import read_address
from windlass.stacks.stack import Stack


def open_stores(stack: Stack, *, patient: bool = False) -> Stores:
    """The stores of a stack, connected.

    Args:
        stack: Which one.
        patient: Whether to wait for a server of records that does not answer.

    Raises:
        ConfigError: An address holds a reference to a secret that cannot be resolved.
        RecordError: The record store cannot be reached.
        StoreError: The artifact store cannot be reached.
    """
    return Stores(
        records=stack.open_records(patient=patient),
        artifacts=stack.open_store(),
        logs=stack.logs,
        trust_pickle=stack.trust_pickle,
        project=Path(stack.code) if stack.code else stack.project.root,
    )


def open_recorded(stack: Stack) -> Stores:
    """The stores of a stack in which something was recorded: a look makes none.

    Raises:
        ConfigError: Nothing was.
    """
    if stack.is_untouched():
        raise ConfigError(
            f"nothing has been recorded in {stack.project.home} yet",
            hint="Begin with: windlass run FILE.py:PIPELINE. Or go to the project's folder.",
        )
    return open_stores(stack)


def libraries_of(stack: Stack) -> list[str]:
    """The modules with which the stores of a stack are reached, where they are not files here.

    Raises:
        ConfigError: An address holds a reference to a secret that cannot be resolved.
    """
    found = []
    if read_address(stack.records_url)[0] is None:
        found += ["sqlalchemy.dialects.postgresql.psycopg", "psycopg"]
    _, package = package_for(stack.artifacts_url)
    return [*found, package] if package else found


def stack_to_json(stack: Stack) -> dict[str, Any]:
    """A stack for a worker: references to secrets stay references."""
    fields = {f.name: getattr(stack, f.name) for f in dataclasses.fields(stack)}
    project = {k: v and str(v) for k, v in dataclasses.asdict(stack.project).items()}
    return {**fields, "options": dict(stack.options), "project": project}


def stack_from_json(document: Any) -> Stack:
    """The stack that `stack_to_json` told of."""
    project = {key: value and Path(value) for key, value in document["project"].items()}
    return Stack(**{**document, "project": Project(**project)})
