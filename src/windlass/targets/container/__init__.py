"""Containers: every attempt in one of its own, in an image of the locked environment."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from windlass import modules
from windlass.errors import ConfigError
from windlass.pipeline.settings import RunOptions
from windlass.stacks.check import Check
from windlass.stacks.stack import Stack

if TYPE_CHECKING:
    from windlass.execution.job import Job
    from windlass.execution.observer import Observer
    from windlass.pipeline.plan import Plan

_OF_SYSTEM = ("bin", "boot", "dev", "etc", "lib", "opt", "proc", "run", "sbin", "sys", "usr", "var")
"""Folders at the root that an image brings itself."""


class ContainerTarget:
    """Runs a plan in containers of podman or docker.

    Args:
        stack: Where its records and artifacts go; its options are those of `options`.
        options: How to run it.
    """

    locked = True

    @staticmethod
    def look(stack: Stack) -> Iterable[Check]:
        """Whether an engine is here that answers and is new enough; starts no container."""
        from windlass.targets.container.engine import find_engine
        from windlass.targets.container.options import read_options

        engine = find_engine(read_options(stack.resolved_options(), stack.name).engine)
        rights = "without root" if engine.rootless else "as root"
        yield Check("engine", "ok", f"{engine.kind} {engine.version}, {rights}")

    def __init__(self, stack: Stack, options: RunOptions) -> None:
        from windlass.targets.container.options import read_options

        self._stack = stack
        self._run_options = options
        self._options = read_options(stack.resolved_options(), stack.name)

    def check(self, plan: Plan) -> None:
        """Refuses what no container here can run."""
        from windlass.execution.resources import refuse_impossible, this_machine
        from windlass.execution.stores import open_stores
        from windlass.targets.container.engine import find_engine
        from windlass.targets.container.prepare import refuse_bases

        self._refuse_in_process()
        _refuse_without_files(plan)
        _refuse_system_folder(Path.cwd())
        self._resources = this_machine(self._run_options.workers, self._run_options.memory)
        refuse_impossible(plan, self._resources)
        self._engine = find_engine(self._options.engine)
        stores = open_stores(self._stack)
        refuse_bases(plan, self._stack, stores, self._engine, self._options)

    def run(self, job: Job, observer: Observer) -> tuple[str, str | None]:
        """Runs every node; returns the run's status, and why it failed."""
        from windlass.execution.driver import Driver
        from windlass.execution.progress import Progress
        from windlass.targets.container.crew import ContainerCrew
        from windlass.targets.container.prepare import prepare

        box, request = prepare(job, self._stack, self._engine, self._options, observer.told)
        progress = Progress(job, observer, keep_going=self._run_options.keep_going)
        Driver(progress, ContainerCrew(job, box, self._resources, request)).drive()
        records = job.stores.records
        records.finish_run(job.run, progress.status, progress.error, driver=job.driver)
        return progress.status, progress.error

    def close(self) -> None:
        """Nothing is left to end: the crew has done so."""

    def _refuse_in_process(self) -> None:
        if self._run_options.in_process:
            raise ConfigError(
                "steps in containers cannot run in this process",
                hint="Leave out --in-process; or debug them here: --target local --in-process.",
            )


def _refuse_without_files(plan: Plan) -> None:
    for node in plan.graph.nodes.values():
        if not modules.is_reference_importable(node.step):
            raise ConfigError(
                f"'{node.name}' is a step of a prompt or a script without a file of its own, which "
                "no container can import",
                hint="Put the steps into a file of the project, or into a notebook that is saved.",
            )


def _refuse_system_folder(folder: Path) -> None:
    """Refuses to begin where an empty folder in its place would hide what the image brings."""
    parts = folder.parts[1:]
    if not parts or (len(parts) == 1 and parts[0] in _OF_SYSTEM):
        raise ConfigError(
            f"a run in containers cannot begin in {folder}, which every image has its own of",
            hint="Go to your project's folder, and run it there.",
        )
