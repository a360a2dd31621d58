"""Kubeflow Pipelines: a pipeline as one file of KFP's IR, whose tasks call ``windlass execute``.

KFP orders and tries again; steps read and write the stack's artifact store. Maps are loops over
indices, choices are conditions. ``windlass compile`` writes the file; ``windlass run`` submits it
to an endpoint and follows.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from windlass.errors import ConfigError, RunError
from windlass.pipeline.settings import RunOptions
from windlass.stacks.check import Check
from windlass.stacks.stack import Stack
from windlass.targets.kubeflow.options import read_options

if TYPE_CHECKING:
    from windlass.execution.job import Job
    from windlass.execution.observer import Observer
    from windlass.pipeline.plan import Plan
    from windlass.targets.compiling import Compiled

_TASK = Path(__file__).with_name("task.txt")


class KubeflowTarget:
    """Makes KFP's files, and runs them.

    Args:
        stack: Where its artifacts are kept, and the options: see `read_options`.
        options: How it is to run.

    Raises:
        ConfigError: An option is unknown, or not of its type.
    """

    locked = True

    def __init__(self, stack: Stack, options: RunOptions) -> None:
        self._stack = stack
        self._seed = options.seed
        self._options = read_options(stack.name, stack.options)

    def check(self, plan: Plan) -> None:
        """Refuses what KFP cannot be told; that kfp is there is looked at first of all."""
        from windlass.targets.kubeflow.sdk import Sdk

        with Sdk(self._options.python):
            pass

    def compile(self, compiled: Compiled) -> Mapping[str, str]:
        """The IR in YAML, by the file's name."""
        from windlass.targets.kubeflow.sdk import Sdk

        told = self._told(compiled)
        with Sdk(self._options.python) as sdk:
            return {f"{compiled.plan.name}.yaml": sdk.ask("compile", **told)}

    def trial(self, files: Path, parameters: Mapping[str, str]) -> None:
        """Runs what `compile` wrote once, by KFP's local runner.

        Args:
            files: The folder that it was written to.
            parameters: The pipeline's, as text.

        Raises:
            ConfigError: The runner cannot be started.
        """
        from windlass.provenance.uv import find_uv
        from windlass.targets.kubeflow.sdk import Sdk

        path = f"{Path(find_uv()).parent}{os.pathsep}{os.environ.get('PATH', '')}"
        variables = {**os.environ, "PATH": path}
        with Sdk(self._options.python, variables) as sdk:
            for file in sorted(files.glob("*.yaml")):
                sdk.ask("trial", file=str(file), parameters=dict(parameters))

    def _told(self, compiled: Compiled) -> dict[str, Any]:
        """What kfp is asked to build."""
        from windlass.targets.kubeflow.body import body_of, refuse_names, task_name

        refuse_names(compiled.parameters)
        options, plan = self._options, compiled.plan
        return {
            "name": task_name(plan.name),
            "description": f"The pipeline {plan.pipeline}, by Windlass.",
            "parameters": list(compiled.parameters),
            "body": body_of(plan),
            "script": _TASK.read_text(encoding="utf-8"),
            "facts": json.dumps(self._facts(compiled), sort_keys=True),
            "image": options.image_for(compiled.lock.python),
            "accelerator": options.accelerator,
            "env": dict(options.env),
            "secrets": options.secrets_by_name(),
        }

    def _facts(self, compiled: Compiled) -> dict[str, Any]:
        """What every task must know; flat, since KFP reads two braces as something of its own."""
        return {
            "name": compiled.plan.name,
            "plan": compiled.plan.digest,
            "seed": self._seed,
            "store": compiled.store,
            "store_needs": compiled.store_needs,
            "command": self._options.command,
            "python": compiled.lock.python,
            "lock": self._keep_lock(compiled),
            "environment": compiled.environment,
            "wheel": compiled.wheel,
            "wheel_name": compiled.wheel_name,
        }

    def _keep_lock(self, compiled: Compiled) -> str:
        """Keeps the lock in the artifact store: it is too long to stand in every task."""
        from windlass.execution.relay.objects import RunObjects
        from windlass.hashing import digest

        text = "".join(f"{line}\n" for line in compiled.lock.requirements)
        name = digest("requirements", text)
        RunObjects(self._stack.open_store(), "").keep(name, text)
        return name
