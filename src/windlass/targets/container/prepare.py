"""What a run in containers needs before its first node: its images, its code, what it may see."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from windlass.execution.stores import stack_to_json
from windlass.provenance.lock import Lock
from windlass.provenance.project import HOME_VARIABLE
from windlass.stacks.stack import Stack, is_local
from windlass.targets.container.command import Box, remove_leftovers
from windlass.targets.container.engine import Engine
from windlass.targets.container.image import ready_image, refuse_base
from windlass.targets.container.mounts import link_declared, mounts_of
from windlass.targets.container.options import Options
from windlass.targets.container.recipe import image_name
from windlass.targets.locked import locks_of_plan, refuse_without_clients
from windlass.targets.locks import running_wheel
from windlass.targets.recorded import unpacked_once

if TYPE_CHECKING:
    from windlass.execution.job import Job, Stores
    from windlass.pipeline.plan import Plan

_OF_CLOUDS = ("AWS_", "AZURE_", "GOOGLE_", "FSSPEC_")
"""How the variables begin by which a bucket's client finds its credentials."""


def refuse_bases(
    plan: Plan, stack: Stack, stores: Stores, engine: Engine, options: Options
) -> None:
    """Refuses images that are not built and cannot be.

    Raises:
        ConfigError: A base image cannot be had; so is a lock that cannot be built.
    """
    wheel = running_wheel(stores, stack.project)
    for lock in locks_of_plan(plan, stack.project, stores).values():
        refuse_without_clients(lock, stack)
        base = options.base_for(lock.python)
        if not engine.has_image(image_name(lock, wheel, base)):
            refuse_base(engine, base)


def prepare(
    job: Job, stack: Stack, engine: Engine, options: Options, tell: Callable[[str], None]
) -> tuple[Box, dict[str, Any]]:
    """What the containers of a run have in common, and what their workers must know.

    Args:
        job: The run.
        stack: Its stack.
        engine: What makes containers.
        options: Those of the target.
        tell: Says what takes time.

    Raises:
        ConfigError: An image cannot be built, or the recorded code is gone.
    """
    remove_leftovers(engine)
    locks = locks_of_plan(job.plan, stack.project, job.stores)
    images = _images(job, stack, engine, options, locks, tell)
    code = _code(job, stack)
    box = Box(
        engine=engine,
        options=options,
        images=images,
        mounts=mounts_of(job, stack, options, code),
        variables=_variables(stack.project.home),
        passed=_passed(job, stack, options),
        home=stack.project.home,
    )
    return box, _request(job, stack, code)


def _images(
    job: Job,
    stack: Stack,
    engine: Engine,
    options: Options,
    locks: dict[str | None, Lock],
    tell: Callable[[str], None],
) -> dict[str | None, str]:
    wheel, root = running_wheel(job.stores, stack.project), stack.project.root
    return {
        name: ready_image(engine, lock, wheel, options.base_for(lock.python), root, tell)
        for name, lock in locks.items()
    }


def _code(job: Job, stack: Stack) -> Path:
    """The folder of the code as it was recorded, which runs of the same code share."""
    code = stack.project.cache / "code" / job.plan.bundle[:32]
    unpacked_once(job.plan.bundle, job.stores, code)
    link_declared(job, stack.project.root, code)
    return code


def _request(job: Job, stack: Stack, code: Path) -> dict[str, Any]:
    row: Any = job.stores.records.run_by_id(job.run)
    folders = [code / folder for folder in (*row.details.get("path", ()), *job.plan.sources)]
    return {
        "sys_path": [str(folder.resolve()) for folder in dict.fromkeys(folders)],
        "keeps_path": True,
        "told_as": [str(code), str(stack.project.root)],
        "job": {"stack": stack_to_json(replace(stack, code=str(code))), "run": job.run},
    }


def _variables(home: Path) -> dict[str, str]:
    """What every container is told; the threads of a step are told with it."""
    return {
        "PYTHONHASHSEED": "0",
        "PYTHONUNBUFFERED": "1",
        # The code can only be read; what it compiles to is kept for the next container.
        "PYTHONPYCACHEPREFIX": str(home / "cache" / "compiled"),
        "HOME": "/tmp",  # noqa: S108 - of the container, gone with it
        "USER": "windlass",
        "LC_ALL": "C.UTF-8",
        HOME_VARIABLE: str(home),
    }


def _passed(job: Job, stack: Stack, options: Options) -> list[str]:
    """Variables of this machine that are set in containers: what is named, and no other."""
    named = [name for kind, name in stack.references() if kind == "env"]
    if not is_local(stack.artifacts_url):
        named += [name for name in os.environ if name.startswith(_OF_CLOUDS)]
    return list(dict.fromkeys([*options.variables, *job.plan.variables, *named]))
