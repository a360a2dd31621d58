"""From a pipeline to files for an engine that orders its nodes itself."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from windlass.errors import ConfigError
from windlass.hashing import digest
from windlass.pipeline import parameters as params
from windlass.pipeline.pipeline import Pipeline
from windlass.pipeline.settings import RunOptions
from windlass.provenance import secrets
from windlass.values import Json
from windlass.version import __version__

if TYPE_CHECKING:
    from windlass.execution.job import Stores
    from windlass.pipeline.plan import Plan
    from windlass.provenance.lock import Lock
    from windlass.stacks.stack import Stack


_NEEDS = {"s3": "s3fs", "gs": "gcsfs", "gcs": "gcsfs", "az": "adlfs", "abfs": "adlfs"}
"""What fsspec needs for an address, by its scheme."""


@dataclass(frozen=True, slots=True)
class Compiled:
    """What an engine's files are made of.

    Args:
        plan: The plan, which the artifact store holds with all that its nodes need.
        parameters: The pipeline's parameters, each with its default as text; None without one.
        store: The artifact store's address, references to secrets unresolved.
        lock: The environment that nodes run in.
        environment: The digest of that with Windlass.
        wheel: The blob of Windlass's wheel.
        wheel_name: The wheel's file name.
        shared: The name of what it was posted with: ``windlass begin --as``.
        notices: What a person should know of how the engine will run it.
    """

    plan: Plan
    parameters: Mapping[str, str | None]
    store: str
    lock: Lock
    environment: str
    wheel: str
    wheel_name: str
    shared: str = ""
    notices: Sequence[str] = ()

    @property
    def store_needs(self) -> list[str]:
        """What Python needs to read from the store, besides itself."""
        scheme = self.store.partition("://")[0] if "://" in self.store else ""
        return ["fsspec", *([_NEEDS[scheme]] if scheme in _NEEDS else [])]


def compile_pipeline(
    pipeline: Pipeline[Any, Any], options: RunOptions, folder: Path
) -> tuple[Compiled, list[Path]]:
    """Writes a pipeline as files for an engine, and puts what they need into the artifact store.

    Args:
        pipeline: What to compile.
        options: The target, the stack, the tags of every run.
        folder: Where the files are written; made if it is not there.

    Raises:
        ConfigError: The target compiles nothing, or cannot be told what the plan asks for.
        LockError: The environment cannot be solved.
        StoreError: The store cannot be written.
    """
    from windlass.execution.relay.begin import post_plan
    from windlass.execution.shipping import ship
    from windlass.execution.stores import open_stores
    from windlass.provenance.wheel import store_wheel
    from windlass.targets.keeping import capture_kept
    from windlass.targets.launch import place_run, with_lock
    from windlass.targets.locks import locks_of
    from windlass.targets.record import (
        documents_of,
        make_plan,
        new_job,
        save_code,
        take_fingerprints,
    )
    from windlass.targets.target import find_target, stack_for
    from windlass.tracking.trying import tracker_of

    project, stack, options = place_run(pipeline, options)
    name = options.target or stack.target
    engine: Any = find_target(name)
    if not hasattr(engine, "compile"):
        raise ConfigError(
            f"the target '{name}' is run, not compiled",
            hint=f"windlass run FILE.py:PIPELINE --target {name}",
        )
    target = engine(stack_for(name, stack), options)
    tracker_of(stack)
    graph, stores = pipeline.graph(), open_stores(stack)
    provenance = capture_kept(project, stores)
    here = provenance.environment
    provenance = with_lock(provenance, pipeline, project, stores)
    locks = locks_of(graph, project, stores)
    fingerprints = take_fingerprints(graph, project, provenance, locks, here)
    plan = make_plan(pipeline, graph, project, provenance, fingerprints, locks)
    getattr(target, "check_files", target.check)(plan)
    save_code(plan, fingerprints, provenance, stores)
    defaults = defaults_with_files(pipeline)
    shipment = ship(plan, documents_of(defaults), stores)
    job = new_job(plan, defaults, options, stores, provenance.environment, shipment)
    details: dict[str, Json] = {
        "windlass": {"version": __version__, "wheel": store_wheel(stores.artifacts, project.cache)},
        "folder": ".",
        "system_metrics": options.system_metrics,
        "tracker": stack.tracker_told,
    }
    shared = post_plan(job, target=name, stack=stack.name, tags=options.tags, details=details)
    notices = target.notices(plan) if hasattr(target, "notices") else ()
    compiled = replace(
        compiled_of(plan, _parameters(pipeline), stack, stores), shared=shared, notices=notices
    )
    return compiled, list(_written(target.compile(compiled), folder))


def compiled_of(
    plan: Plan, parameters: Mapping[str, str | None], stack: Stack, stores: Stores
) -> Compiled:
    """What an engine's files are made of, for a plan whose nodes find all in the artifact store.

    Args:
        plan: The plan.
        parameters: The pipeline's, each with its default as text; None without one.
        stack: Where the artifact store is.
        stores: Those of the stack.

    Raises:
        LockError: The environment cannot be solved.
    """
    from windlass.provenance.wheel import store_wheel
    from windlass.targets.locked import lock_of_pipeline
    from windlass.targets.locks import running_wheel

    project = stack.project
    lock, wheel = lock_of_pipeline(plan, project, stores), running_wheel(stores, project)
    blob = store_wheel(stores.artifacts, project.cache)
    return Compiled(
        plan=plan,
        parameters=parameters,
        store=_address(stack.artifacts, stack.artifacts_url),
        lock=lock,
        environment=digest("engine", lock.digest, blob),
        wheel=blob,
        wheel_name=wheel.name,
    )


def how_begun(options: RunOptions) -> list[str]:
    """What ``windlass begin`` is told that the plan does not say."""
    cache = [] if options.cache else ["--no-cache"]
    refresh = ["--refresh"] if options.refresh else []
    return ["--seed", str(options.seed), *cache, *refresh]


def _address(written: str | None, resolved: str) -> str:
    """The store's address as others may read it: with references to secrets, and no secret."""
    if written is not None and "${" in written:
        return written
    return secrets.masked(resolved) if "://" in resolved else str(Path(resolved).absolute())


def defaults_with_files(pipeline: Pipeline[Any, Any]) -> dict[str, Any]:
    """The defaults that name files of this machine, all of them there: they are brought along."""
    from windlass.execution.job import paths_in
    from windlass.values import encode

    found = {}
    for name, each in pipeline.parameters.items():
        default = None if each.required else params.coerce(name, each.annotation, each.default)
        paths = paths_in(encode(default))
        if paths and all(Path(path).exists() for path in paths):
            found[name] = default
    return found


def _parameters(pipeline: Pipeline[Any, Any]) -> dict[str, str | None]:
    return {
        name: None if parameter.required else repr(parameter.default)
        for name, parameter in pipeline.parameters.items()
    }


def _written(files: Mapping[str, str], folder: Path) -> Any:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            path = folder / name
            partial = path.with_name(f".{name}.{os.getpid()}.partial")
            partial.write_text(text, encoding="utf-8")
            partial.replace(path)  # an engine may be reading the folder
            yield path
    except OSError as error:
        raise ConfigError(
            f"{folder} cannot be written: {error.strerror}", hint="Name another folder: -o FOLDER."
        ) from error
