"""A pipeline tried by an engine that orders nodes itself: compiled, run once, recorded."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from windlass.errors import ConfigError, RunError
from windlass.execution.relay.objects import RunObjects, posted_runs
from windlass.execution.stores import open_stores
from windlass.pipeline import parameters as params
from windlass.pipeline.pipeline import Pipeline
from windlass.pipeline.settings import RunOptions
from windlass.records.identity import uuid7
from windlass.stacks.stack import Stack
from windlass.targets.compiling import compile_pipeline
from windlass.targets.launch import place_run
from windlass.targets.sync import Synced, sync
from windlass.targets.target import find_target, look_at_target, stack_for

_TAG = "trial"


def is_tried(target: str, stack: Stack) -> bool:
    """Whether a target's engine is started here for files that we write, and has no server."""
    found: Any = find_target(target)
    if not hasattr(found, "run"):
        return True
    return hasattr(found, "trial") and not found.is_served(stack_for(target, stack))


def try_engine(
    pipeline: Pipeline[Any, Any], text: Mapping[str, str], target: str, options: RunOptions
) -> Synced:
    """Compiles a pipeline, lets the engine run it once, and takes that run into the record.

    Args:
        pipeline: What to run.
        text: Its parameters, as text.
        target: The engine's.
        options: How to run it.

    Raises:
        ConfigError: The target cannot try what it compiles, or its engine is not there.
        ParameterError: A parameter is unknown, missing or of the wrong type.
        RunError: The engine could not be started, or began no run.
    """
    engine: Any = find_target(target)
    if not hasattr(engine, "trial"):
        raise ConfigError(
            f"the target '{target}' has no engine that could be started here",
            hint=f"windlass compile FILE.py:PIPELINE --target {target} -o FOLDER",
        )
    params.bind(pipeline.name, pipeline.parameters, {}, text=text)
    mark = uuid7()  # another trial of the same pipeline may be going on
    tags = {**options.tags, _TAG: mark}
    project, stack, options = place_run(pipeline, options.but(target=target, tags=tags))
    stack = stack_for(target, stack)
    for check in look_at_target(stack):  # before a lock is solved
        if check.status == "fail":
            raise ConfigError(check.message, hint=check.hint)
    tried, store = engine(stack, options), open_stores(stack).artifacts
    with tempfile.TemporaryDirectory(prefix="windlass-") as folder:
        compiled, _ = compile_pipeline(pipeline, options, Path(folder))
        before = posted_runs(store)
        tried.trial(Path(folder), text)
    plan = compiled.plan.digest
    new = [run for run in posted_runs(store) - before if _is_of(RunObjects(store, run), plan, mark)]
    if len(new) != 1:
        begun = f"{len(new)} runs" if new else "no run"
        raise RunError(
            f"{target} was to begin one run of {pipeline.name}, and began {begun}",
            hint="What its tasks said is above.",
        )
    return sync(new[0], stack=stack.name, project=project.root)


def _is_of(objects: RunObjects, plan: str, mark: str) -> bool:
    found = objects.begun(plan)
    return found is not None and found["run"]["tags"].get(_TAG) == mark
