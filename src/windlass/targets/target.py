"""What a target is, and how one is found by its name."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from windlass import plugins
from windlass.errors import ConfigError
from windlass.pipeline.settings import RunOptions
from windlass.stacks.check import Check
from windlass.stacks.stack import Stack

if TYPE_CHECKING:
    from windlass.execution.job import Job
    from windlass.execution.observer import Observer
    from windlass.pipeline.plan import Plan

TARGETS = {
    "local": "windlass.targets.local:LocalTarget",
    "airflow": "windlass.targets.airflow:AirflowTarget",
    "container": "windlass.targets.container:ContainerTarget",
    "kubeflow": "windlass.targets.kubeflow:KubeflowTarget",
    "ray": "windlass.targets.ray:RayTarget",
}
"""Ours. Others are found by the entry point group ``windlass.targets``."""


class Target(Protocol):
    """Where plans run. One is made for each run, before anything is recorded.

    A target whose class says ``locked = True`` runs steps in the project's locked environment, and
    not in the present interpreter; where that hangs on the stack, it is a static method.
    One that says ``elsewhere = True``, once it has checked a plan, has workers that do not see this
    machine's files: those that a run names are brought to them.
    """

    def __init__(self, stack: Stack, options: RunOptions) -> None: ...

    def check(self, plan: Plan) -> None:
        """Refuses, in words, a plan that it cannot run."""
        ...

    def run(self, job: Job, observer: Observer) -> tuple[str, str | None]:
        """Runs every node in order; returns the run's status, and why it failed."""
        ...

    def close(self) -> None:
        """Ends whatever it started, if `run` was not reached."""
        ...


def make_target(name: str, stack: Stack, options: RunOptions) -> Target:
    """The target of a name, with the options of a stack if that is for it.

    Raises:
        ConfigError: There is none.
    """
    found = find_target(name)
    if not hasattr(found, "run"):
        raise ConfigError(
            f"the target '{name}' is compiled, and its engine runs it",
            hint=f"windlass compile FILE.py:PIPELINE --target {name} -o FOLDER",
        )
    return found(stack_for(name, stack), options)


def stack_for(target: str, stack: Stack) -> Stack:
    """A stack as a target takes it: without the options that are for another one."""
    return stack if target == stack.target else replace(stack, target=target, options={})


def find_target(name: str) -> type[Target]:
    """The class of a target.

    Raises:
        ConfigError: There is none.
    """
    ref = TARGETS.get(name) or plugins.entry_points("windlass.targets").get(name)
    if ref is None:
        known = sorted({*TARGETS, *plugins.entry_points("windlass.targets")})
        raise ConfigError(f"there is no target '{name}'", hint=f"There is: {', '.join(known)}.")
    found: type[Target] = plugins.load(ref)
    return found


def look_at_target(stack: Stack) -> Iterable[Check]:
    """What a stack's target says of itself: whether its engine is there, and new enough.

    A target's class may have a static method ``look(stack)`` for that, which starts nothing.

    Raises:
        ConfigError: There is no such target.
    """
    look = getattr(find_target(stack.target), "look", None)
    if look is None:
        return [Check("target", "ok", f"{stack.target}: there is nothing that must be reached")]
    found: Iterable[Check] = look(stack)
    return found


def is_elsewhere(target: Target) -> bool:
    """Whether a target's workers do not see this machine's files; known once it has checked."""
    return bool(getattr(target, "elsewhere", False))


def is_locked(name: str, stack: Stack) -> bool:
    """Whether a target runs steps in the project's locked environment.

    Raises:
        ConfigError: There is none of that name, or the stack's options are wrong.
    """
    said = getattr(find_target(name), "locked", False)
    return bool(said(stack_for(name, stack)) if callable(said) else said)
